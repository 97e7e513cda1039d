// SPDX-License-Identifier: Apache-2.0
//
// Dates and times as numbers and as text, over the whole range of Iceberg's types (std::chrono::year ends at 32767, a
// date column at about year 5.8 million). Proleptic Gregorian, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace k2i::calendar {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kMicrosPerHour = 3'600 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

/// Rounds towards minus infinity; `divisor` > 0.
constexpr int64_t FloorDiv(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }
/// In [0, divisor).
constexpr int64_t FloorMod(int64_t value, int64_t divisor) {
  const int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

struct Date {
  int64_t year = 1970;
  int month = 1;  // 1-12
  int day = 1;    // 1-31
};
Date FromDays(int64_t days_since_epoch);
int64_t ToDays(const Date& date);

/// A moment: whole days since 1970 and nanoseconds of that day.
struct Moment {
  int64_t days = 0;
  int64_t nanos_of_day = 0;
};
Moment FromMicros(int64_t micros);
Moment FromNanos(int64_t nanos);

/// "2024-01-31"
std::string FormatDate(int64_t days_since_epoch);
/// As Java prints LocalTime: "05:04", "05:04:03", "05:04:03.120", with 3, 6 or 9 digits, no more than are needed.
std::string FormatTime(int64_t nanos_of_day);
/// "05:04:03.120000" with `digits` (6 or 9) after the point.
std::string FormatTimeFixed(int64_t nanos_of_day, int digits);
/// As Java prints the date of a LocalDateTime: FormatDate, but "+10000-01-01" beyond year 9999.
std::string FormatIsoDate(int64_t days_since_epoch);

/// The inverse of the above; nullopt for text that is not a date or time.
std::optional<int64_t> ParseDate(std::string_view text);
/// Nanoseconds of the day; seconds and up to nine digits of a fraction may be left out.
std::optional<int64_t> ParseTime(std::string_view text);
/// "2024-01-31T05:04:03.12"; with `zoned` followed by "+00:00" or "Z".
std::optional<Moment> ParseTimestamp(std::string_view text, bool zoned);

}  // namespace k2i::calendar
