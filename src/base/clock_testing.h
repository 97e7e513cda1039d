// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "base/clock.h"

namespace k2i {

/// A clock that moves only when told to, or when somebody sleeps on it. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t start_wall_ms = 1'700'000'000'000) : start_wall_ms_(start_wall_ms) {}
  int64_t wall_ms() const override { return start_wall_ms_ + elapsed_ns_.load() / 1'000'000; }
  Duration monotonic() const override { return Duration(elapsed_ns_.load()); }
  bool SleepFor(Duration duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    Advance(duration);
    return true;
  }
  void Advance(Duration duration) { elapsed_ns_ += duration.count(); }

 private:
  const int64_t start_wall_ms_;
  std::atomic<int64_t> elapsed_ns_{0};
};

}  // namespace k2i
