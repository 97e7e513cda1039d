// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace k2i::io {

/// A few threads that all uploads of a store share, so that what they hold in memory is bounded however many files are
/// open. Begun when they are needed. Thread-safe; the destructor runs what is left.
class UploadThreads {
 public:
  explicit UploadThreads(size_t threads) : most_(threads) {}
  ~UploadThreads();
  UploadThreads(const UploadThreads&) = delete;
  UploadThreads& operator=(const UploadThreads&) = delete;

  /// Waits until a thread is free for `task`: no more tasks are held than there are threads.
  void Run(std::function<void()> task);

 private:
  void Work();

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::condition_variable given_;
  std::deque<std::function<void()>> tasks_;
  size_t held_ = 0;  // tasks that wait or run
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace k2i::io
