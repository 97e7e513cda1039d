// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/clock.h"

namespace k2i::maintenance {

/// Slows a job down to so many bytes a second, counted from its first byte. One thread.
class RateLimit {
 public:
  /// `clock` must outlive this. `bytes_per_second` 0: no limit.
  RateLimit(Clock& clock, int64_t bytes_per_second) : clock_(clock), bytes_per_second_(bytes_per_second) {}

  /// Counts bytes that have been worked off, and sleeps until they may have been; false as soon as `stop` is requested.
  bool Spend(int64_t bytes, std::stop_token stop) {
    if (bytes_per_second_ <= 0) return !stop.stop_requested();
    const Duration now = clock_.monotonic();
    if (spent_ == 0) started_ = now;
    spent_ += bytes;
    const std::chrono::duration<double> due(static_cast<double>(spent_) / static_cast<double>(bytes_per_second_));
    const Duration wait = started_ + std::chrono::duration_cast<Duration>(due) - now;
    if (wait <= Duration(0)) return !stop.stop_requested();
    return clock_.SleepFor(wait, stop);
  }

 private:
  Clock& clock_;
  const int64_t bytes_per_second_;
  Duration started_{};
  int64_t spent_ = 0;
};

}  // namespace k2i::maintenance
