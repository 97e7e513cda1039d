// SPDX-License-Identifier: Apache-2.0
//
// Dates and times as text (ISO 8601 as RFC 3339 profiles it), years 0000 to 9999. Leap seconds (":60") have no place in
// Iceberg's types and are refused.
#pragma once

#include <cstdint>
#include <string_view>

#include "record/number_text.h"

namespace k2i::record {

enum class Zone { kWithout, kWith };
enum class TimeUnit { kMicros, kNanos };

/// "2024-01-31" as days since 1970-01-01.
Why ParseDate(std::string_view text, int32_t* days);
/// "12:34:56" with or without a fraction, as microseconds since midnight.
Why ParseTime(std::string_view text, int64_t* micros);
/// Date, 'T', 't' or a space, time, and with Zone::kWith 'Z', 'z' or ±HH:MM or ±HHMM; as units since 1970-01-01 00:00
/// (UTC with a zone). Digits beyond the unit are cut off.
Why ParseTimestamp(std::string_view text, Zone zone, TimeUnit unit, int64_t* out);
/// ParseTimestamp for texts that come in about the order of time: remembers the last minute, and so parses seconds
/// only.
class TimestampReader {
 public:
  TimestampReader(Zone zone, TimeUnit unit) : zone_(zone), unit_(unit) {}
  Why Parse(std::string_view text, int64_t* out);

 private:
  static constexpr size_t kMinuteBytes = sizeof("2024-01-31T12:34") - 1;

  const Zone zone_;
  const TimeUnit unit_;
  char minute_[kMinuteBytes] = {};
  int64_t minute_start_ = 0;  // in units
};

/// Milliseconds since the epoch in `unit`.
Why TimestampFromMillis(int64_t millis, TimeUnit unit, int64_t* out);

}  // namespace k2i::record
