// SPDX-License-Identifier: Apache-2.0
#include "base/calendar.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace k2i::calendar {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerDay = kMicrosPerDay * kNanosPerMicro;
constexpr int64_t kDaysPerEra = 146'097;        // 400 years
constexpr int64_t kDaysToMarchYear0 = 719'468;  // from 0000-03-01 to 1970-01-01

/// Takes exactly `digits` digits from the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || value < 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// "120" of "03.120" as nanoseconds.
std::optional<int64_t> ParseFraction(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  const size_t count = digits.size();
  const auto value = TakeDigits(digits, count);
  if (!value.has_value()) return std::nullopt;
  int64_t nanos = *value;
  for (size_t i = count; i < 9; ++i) nanos *= 10;
  return nanos;
}

int DaysInMonth(int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

// Years are counted from March, so that the leap day is the last day of one; eras are 400 such years, all equally long.
Date FromDays(int64_t days_since_epoch) {
  const int64_t days = days_since_epoch + kDaysToMarchYear0;
  const int64_t era = FloorDiv(days, kDaysPerEra);
  const int64_t day_of_era = FloorMod(days, kDaysPerEra);
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  const int month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  return Date{era * 400 + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

int64_t ToDays(const Date& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t year_of_era = FloorMod(year, 400);
  const int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t day_of_year = (153 * march_month + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return FloorDiv(year, 400) * kDaysPerEra + day_of_era - kDaysToMarchYear0;
}

Moment FromMicros(int64_t micros) {
  return {FloorDiv(micros, kMicrosPerDay), FloorMod(micros, kMicrosPerDay) * kNanosPerMicro};
}
Moment FromNanos(int64_t nanos) { return {FloorDiv(nanos, kNanosPerDay), FloorMod(nanos, kNanosPerDay)}; }

std::string FormatDate(int64_t days_since_epoch) {
  const Date date = FromDays(days_since_epoch);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string FormatIsoDate(int64_t days_since_epoch) {
  const Date date = FromDays(days_since_epoch);
  const char* sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";
  return fmt::format("{}{:04}-{:02}-{:02}", sign, std::abs(date.year), date.month, date.day);
}

std::string FormatTime(int64_t nanos_of_day) {
  const int64_t seconds = nanos_of_day / kNanosPerSecond;
  const int64_t nanos = nanos_of_day % kNanosPerSecond;
  std::string text = fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 == 0 && nanos == 0) return text;
  text += fmt::format(":{:02}", seconds % 60);
  if (nanos == 0) return text;
  if (nanos % 1'000'000 == 0) return text + fmt::format(".{:03}", nanos / 1'000'000);
  if (nanos % 1'000 == 0) return text + fmt::format(".{:06}", nanos / 1'000);
  return text + fmt::format(".{:09}", nanos);
}

std::string FormatTimeFixed(int64_t nanos_of_day, int digits) {
  const int64_t seconds = nanos_of_day / kNanosPerSecond;
  const int64_t nanos = nanos_of_day % kNanosPerSecond;
  return fmt::format("{:02}:{:02}:{:02}.{:0{}}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     digits == 6 ? nanos / kNanosPerMicro : nanos, digits);
}

std::optional<int64_t> ParseDate(std::string_view text) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  const size_t year_digits = text.find('-');
  if (year_digits == std::string_view::npos || year_digits < 4 || year_digits > 9) return std::nullopt;
  const auto year = TakeDigits(text, year_digits);
  TakeChar(text, '-');
  const auto month = TakeDigits(text, 2);
  if (!year.has_value() || !month.has_value() || *month < 1 || *month > 12 || !TakeChar(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  const int64_t signed_year = negative ? -*year : *year;
  if (!day.has_value() || !text.empty() || *day < 1 || *day > DaysInMonth(signed_year, *month)) return std::nullopt;
  return ToDays({signed_year, *month, *day});
}

std::optional<int64_t> ParseTime(std::string_view text) {
  const auto hour = TakeDigits(text, 2);
  if (!hour.has_value() || *hour > 23 || !TakeChar(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute.has_value() || *minute > 59) return std::nullopt;
  int64_t nanos = (*hour * 3600LL + *minute * 60LL) * kNanosPerSecond;
  if (text.empty()) return nanos;
  if (!TakeChar(text, ':')) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second.has_value() || *second > 59) return std::nullopt;
  nanos += *second * kNanosPerSecond;
  if (text.empty()) return nanos;
  if (!TakeChar(text, '.')) return std::nullopt;
  const auto fraction = ParseFraction(text);
  if (!fraction.has_value()) return std::nullopt;
  return nanos + *fraction;
}

std::optional<Moment> ParseTimestamp(std::string_view text, bool zoned) {
  if (zoned) {
    const std::string_view zone = text.ends_with("Z") ? "Z" : "+00:00";
    if (!text.ends_with(zone)) return std::nullopt;
    text.remove_suffix(zone.size());
  }
  const size_t separator = text.find('T');
  if (separator == std::string_view::npos) return std::nullopt;
  const auto days = ParseDate(text.substr(0, separator));
  const auto nanos = ParseTime(text.substr(separator + 1));
  if (!days.has_value() || !nanos.has_value()) return std::nullopt;
  return Moment{*days, *nanos};
}

}  // namespace k2i::calendar
