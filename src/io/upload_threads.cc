// SPDX-License-Identifier: Apache-2.0
#include "io/upload_threads.h"

#include <utility>

namespace k2i::io {

UploadThreads::~UploadThreads() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void UploadThreads::Run(std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return held_ < most_; });
    ++held_;
    tasks_.push_back(std::move(task));
    if (threads_.size() < held_) threads_.emplace_back([this] { Work(); });
  }
  given_.notify_one();
}

void UploadThreads::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    given_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // its memory goes before another is let in
    lock.lock();
    --held_;
    freed_.notify_one();
  }
}

}  // namespace k2i::io
