// SPDX-License-Identifier: Apache-2.0
#include <cassert>

#include "sim/fakes.h"

namespace k2i::sim {

bool SimClock::SleepFor(Duration duration, std::stop_token stop) {
  if (life_.off || stop.stop_requested()) return false;
  world_.scheduler.WaitUntil([&] { return life_.off || stop.stop_requested(); }, duration);
  return !life_.off && !stop.stop_requested();
}

SimExecutor::~SimExecutor() {
  assert(tasks_.empty() && !running_);
  *gone_ = true;
}

void SimExecutor::Submit(std::function<void()> task) {
  tasks_.push_back(std::move(task));
  if (!std::exchange(started_, true)) Start();
}

/// The fiber ends with the last task; the next Submit makes another.
void SimExecutor::Start() {
  world_.scheduler.Spawn(life_.name + "/fl", &life_.machine.frozen, [this, gone = gone_] {
    while (!*gone && !tasks_.empty()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      running_ = life_.flushing = true;
      task();
      task = nullptr;
      running_ = life_.flushing = false;
    }
    if (!*gone) started_ = false;
  });
}

bool SimExecutor::WaitUntilIdle(Duration patience) {
  const auto idle = [this] { return tasks_.empty() && !running_; };
  return idle() || world_.scheduler.WaitUntil(idle, patience);
}

}  // namespace k2i::sim
