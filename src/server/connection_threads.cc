// SPDX-License-Identifier: Apache-2.0
#include "server/connection_threads.h"

namespace k2i::server {

ConnectionThreads::Accepted ConnectionThreads::enqueue(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() > idle_ && threads_.size() < limit_) threads_.emplace_back([this] { Run(); });
  if (threads_.size() == limit_ && tasks_.size() > idle_) waiting_ = tasks_.size() - idle_;
  woken_.notify_one();
  return Accepted(true);
}

void ConnectionThreads::shutdown() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ConnectionThreads::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    woken_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    --idle_;
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    waiting_ = tasks_.size() > idle_ ? tasks_.size() - idle_ : 0;
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace k2i::server
