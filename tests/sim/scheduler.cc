// SPDX-License-Identifier: Apache-2.0
#include "sim/scheduler.h"

#include <algorithm>
#include <optional>

namespace k2i::sim {

void Scheduler::Spawn(std::string name, const bool* frozen, std::function<void()> body) {
  tasks_.push_back(
      std::make_unique<Task>(Task{std::move(name), frozen, std::make_unique<Fiber>(std::move(body)), now_}));
}

bool Scheduler::CanRun(const Task& task) const {
  if (task.frozen != nullptr && *task.frozen) return false;
  return task.wake_at <= now_ || (task.ready && task.ready());
}

bool Scheduler::Run() {
  std::vector<Task*> able;
  while (!tasks_.empty()) {
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      auto action = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      action();
    }
    able.clear();
    for (const auto& task : tasks_) {
      if (CanRun(*task)) able.push_back(task.get());
    }
    if (able.empty()) {
      if (!Advance()) return false;
      continue;
    }
    current_ = able.size() == 1 ? able[0] : able[random_.Below(able.size())];
    current_->fiber->Resume();
    if (current_->fiber->done()) std::erase_if(tasks_, [this](const auto& task) { return task.get() == current_; });
    current_ = nullptr;
  }
  return true;
}

bool Scheduler::Advance() {
  std::optional<Duration> next;
  if (!timers_.empty()) next = timers_.begin()->first;
  for (const auto& task : tasks_) {
    if (task->frozen != nullptr && *task->frozen) continue;
    if (task->wake_at == Duration::max()) continue;
    next = std::min(next.value_or(task->wake_at), task->wake_at);
  }
  if (!next) return false;
  now_ = std::max(now_, *next);
  return true;
}

bool Scheduler::WaitUntil(std::function<bool()> ready, Duration patience) {
  Task& self = *current_;
  if (ready && ready()) return true;
  self.wake_at = patience == Duration::max() ? patience : now_ + patience;
  self.ready = std::move(ready);
  Fiber::Suspend();
  const bool held = self.ready && self.ready();
  self.ready = {};
  return held;
}

const std::string& Scheduler::current_name() const {
  static const std::string world = "world";
  return current_ == nullptr ? world : current_->name;
}

}  // namespace k2i::sim
