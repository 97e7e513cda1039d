// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace k2i::server {

/// A thread for each open connection, made when it is needed, `limit` at most. Thread-safe.
class ConnectionThreads final : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(size_t limit) : limit_(limit) {}
  /// Nothing in httplib 0.11, bool in later ones.
  using Accepted = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));
  Accepted enqueue(std::function<void()> task) override;
  void shutdown() override;
  /// Connections wait for a thread: those that are only kept open should end.
  bool crowded() const { return waiting_ > 0; }

 private:
  void Run();

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  std::atomic<size_t> waiting_ = 0;  // tasks_.size() beyond the idle threads
  bool stopping_ = false;
};

}  // namespace k2i::server
