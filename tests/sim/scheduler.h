// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "sim/fiber.h"

namespace k2i::sim {

/// Simulated time, and the fibers that live in it. Time stands still while anybody can run; then it jumps to the next
/// moment at which somebody can. Of several that can, the seed chooses.
class Scheduler {
 public:
  explicit Scheduler(Random& random) : random_(random) {}

  Duration now() const { return now_; }
  void Spawn(std::string name, const bool* frozen, std::function<void()> body);
  /// Runs outside of all fibers; must not wait.
  void At(Duration when, std::function<void()> action) { timers_.emplace(when, std::move(action)); }
  /// Until every fiber has ended. False: those left wait for something that never comes.
  bool Run();

  // From within a fiber.
  void Sleep(Duration duration) { (void)WaitUntil({}, duration); }
  /// Until `ready` holds, `patience` at most; the former's last value. An empty `ready` never holds.
  bool WaitUntil(std::function<bool()> ready, Duration patience);
  const std::string& current_name() const;

 private:
  struct Task {
    std::string name;
    const bool* frozen;  // may be null
    std::unique_ptr<Fiber> fiber;
    Duration wake_at{0};
    std::function<bool()> ready = {};
  };

  bool CanRun(const Task& task) const;
  bool Advance();

  Random& random_;
  Duration now_{0};
  std::vector<std::unique_ptr<Task>> tasks_;
  std::multimap<Duration, std::function<void()>> timers_;
  Task* current_ = nullptr;
};

}  // namespace k2i::sim
