// SPDX-License-Identifier: Apache-2.0
//
// Time is injected (design.md §9): the pipeline runs on SystemClock in the product and on ManualClock (clock_testing.h)
// in tests and the simulator.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace k2i {

using Duration = std::chrono::nanoseconds;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the Unix epoch, UTC.
  virtual int64_t wall_ms() const = 0;
  /// Monotonic time since an arbitrary start; only differences mean something.
  virtual Duration monotonic() const = 0;
  /// Sleeps; returns false as soon as `stop` is requested.
  virtual bool SleepFor(Duration duration, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t wall_ms() const override;
  Duration monotonic() const override;
  bool SleepFor(Duration duration, std::stop_token stop) override;
};

}  // namespace k2i
