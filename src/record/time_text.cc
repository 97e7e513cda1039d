// SPDX-License-Identifier: Apache-2.0
#include "record/time_text.h"

#include <cstring>

namespace k2i::record {
namespace {

constexpr Why kNotADate = "is not a date such as 2024-01-31";
constexpr Why kNotATime = "is not a time such as 12:34:56";
constexpr Why kOutOfRange = "is out of the timestamp's range";
constexpr int64_t kNanosPerSecond = 1'000'000'000;

uint32_t Digit(char c) { return static_cast<uint32_t>(static_cast<unsigned char>(c)) - '0'; }

/// The number of two digits at `p`, or something over 99.
uint32_t TwoDigits(const char* p) {
  const uint32_t high = Digit(p[0]), low = Digit(p[1]);
  return high > 9 || low > 9 ? 1000 : high * 10 + low;
}

uint32_t DaysInMonth(uint32_t year, uint32_t month) {
  constexpr uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
int32_t DaysFromCivil(uint32_t year, uint32_t month, uint32_t day) {
  const int32_t march_year = static_cast<int32_t>(year) - (month <= 2);
  const int32_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
  const int32_t year_of_era = march_year - era * 400;
  const int32_t month_from_march = static_cast<int32_t>(month) + (month > 2 ? -3 : 9);
  const int32_t day_of_year = (153 * month_from_march + 2) / 5 + static_cast<int32_t>(day) - 1;
  const int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

/// Reads from the front of a text and drops what it has read.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }

  bool TakeDate(int32_t* days) {
    if (rest_.size() < 10 || rest_[4] != '-' || rest_[7] != '-') return false;
    const char* p = rest_.data();
    const uint32_t century = TwoDigits(p), year_of_century = TwoDigits(p + 2);
    const uint32_t month = TwoDigits(p + 5), day = TwoDigits(p + 8);
    if (century > 99 || year_of_century > 99 || month < 1 || month > 12) return false;
    const uint32_t year = century * 100 + year_of_century;
    if (day < 1 || day > DaysInMonth(year, month)) return false;
    *days = DaysFromCivil(year, month, day);
    rest_.remove_prefix(10);
    return true;
  }

  bool TakeTime(int64_t* nanos) {
    if (rest_.size() < 8 || rest_[2] != ':' || rest_[5] != ':') return false;
    const char* p = rest_.data();
    const uint32_t hour = TwoDigits(p), minute = TwoDigits(p + 3), second = TwoDigits(p + 6);
    if (hour > 23 || minute > 59 || second > 59) return false;
    rest_.remove_prefix(8);
    *nanos = (hour * 3600 + minute * 60 + second) * kNanosPerSecond;
    return TakeFraction(nanos);
  }

  /// Seconds east of UTC.
  bool TakeZone(int64_t* offset_seconds) {
    if (rest_.empty()) return false;
    const char sign = rest_[0];
    if (sign == 'Z' || sign == 'z') {
      *offset_seconds = 0;
      rest_.remove_prefix(1);
      return true;
    }
    const bool colon = rest_.size() == 6 && rest_[3] == ':';
    if ((sign != '+' && sign != '-') || (!colon && rest_.size() != 5)) return false;
    const uint32_t hour = TwoDigits(rest_.data() + 1), minute = TwoDigits(rest_.data() + (colon ? 4 : 3));
    if (hour > 23 || minute > 59) return false;
    const int64_t seconds = hour * 3600 + minute * 60;
    *offset_seconds = sign == '-' ? -seconds : seconds;
    rest_ = {};
    return true;
  }

  bool TakeAnyOf(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

 private:
  bool TakeFraction(int64_t* nanos) {
    if (!TakeAnyOf(".,")) return true;
    int64_t unit = kNanosPerSecond / 10;
    size_t count = 0;
    for (; count < rest_.size() && Digit(rest_[count]) <= 9; ++count, unit /= 10) *nanos += Digit(rest_[count]) * unit;
    rest_.remove_prefix(count);
    return count > 0;
  }

  std::string_view rest_;
};

/// seconds and nanos (0 ≤ nanos < 86,400 s) as units.
Why ToUnits(int64_t seconds, int64_t nanos, TimeUnit unit, int64_t* out) {
  const int64_t per_second = unit == TimeUnit::kMicros ? 1'000'000 : kNanosPerSecond;
  const int64_t fraction = unit == TimeUnit::kMicros ? nanos / 1000 : nanos;
  if (__builtin_mul_overflow(seconds, per_second, out) || __builtin_add_overflow(*out, fraction, out)) {
    return kOutOfRange;
  }
  return nullptr;
}

}  // namespace

Why ParseDate(std::string_view text, int32_t* days) {
  TimeScanner scanner(text);
  return scanner.TakeDate(days) && scanner.done() ? nullptr : kNotADate;
}

Why ParseTime(std::string_view text, int64_t* micros) {
  TimeScanner scanner(text);
  int64_t nanos = 0;
  if (!scanner.TakeTime(&nanos) || !scanner.done()) return kNotATime;
  *micros = nanos / 1000;
  return nullptr;
}

Why ParseTimestamp(std::string_view text, Zone zone, TimeUnit unit, int64_t* out) {
  TimeScanner scanner(text);
  int32_t days = 0;
  int64_t nanos = 0, offset_seconds = 0;
  if (!scanner.TakeDate(&days) || !scanner.TakeAnyOf("Tt ") || !scanner.TakeTime(&nanos)) {
    return "is not a timestamp such as 2024-01-31T12:34:56Z";
  }
  if (zone == Zone::kWith) {
    if (scanner.done()) return "has no UTC offset, but its column is with time zone";
    if (!scanner.TakeZone(&offset_seconds)) return "has a bad UTC offset";
  }
  if (!scanner.done()) {
    return zone == Zone::kWith ? "has text after the timestamp" : "has an UTC offset or other text after the timestamp";
  }
  return ToUnits(days * int64_t{86'400} - offset_seconds, nanos, unit, out);
}

Why TimestampReader::Parse(std::string_view text, int64_t* out) {
  // The common form only: UTC, milliseconds or none, "2024-01-31T12:34:56.789Z".
  const size_t rest = text.size() - kMinuteBytes;
  const bool common = zone_ == Zone::kWith && text.size() > kMinuteBytes && (rest == 4 || rest == 8) &&
                      text[kMinuteBytes] == ':' && text.back() == 'Z';
  if (!common) return ParseTimestamp(text, zone_, unit_, out);
  const char* p = text.data() + kMinuteBytes;
  if (std::memcmp(text.data(), minute_, kMinuteBytes) != 0) {
    char whole_minute[kMinuteBytes + 4];
    std::memcpy(whole_minute, text.data(), kMinuteBytes);
    std::memcpy(whole_minute + kMinuteBytes, ":00Z", 4);
    int64_t start = 0;
    if (ParseTimestamp({whole_minute, sizeof(whole_minute)}, zone_, unit_, &start) != nullptr) {
      return ParseTimestamp(text, zone_, unit_, out);
    }
    minute_start_ = start;
    std::memcpy(minute_, text.data(), kMinuteBytes);
  }
  uint32_t millis = 0;
  const uint32_t seconds = TwoDigits(p + 1);
  if (rest == 8) millis = p[3] == '.' ? Digit(p[4]) * 100 + TwoDigits(p + 5) : 1000;
  if (seconds > 59 || millis > 999 || (rest == 8 && Digit(p[4]) > 9)) return ParseTimestamp(text, zone_, unit_, out);
  const int64_t since_minute = seconds * 1000 + millis;
  const int64_t units_per_milli = unit_ == TimeUnit::kMicros ? 1000 : 1'000'000;
  return __builtin_add_overflow(minute_start_, since_minute * units_per_milli, out) ? kOutOfRange : nullptr;
}

Why TimestampFromMillis(int64_t millis, TimeUnit unit, int64_t* out) {
  const int64_t factor = unit == TimeUnit::kMicros ? 1000 : 1'000'000;
  return __builtin_mul_overflow(millis, factor, out) ? kOutOfRange : nullptr;
}

}  // namespace k2i::record
