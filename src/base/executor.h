// SPDX-License-Identifier: Apache-2.0
//
// Where work that must not block its caller runs: a thread in the product, inline in the simulator.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace k2i {

/// Runs tasks one after the other, in the order they came.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Submit(std::function<void()> task) = 0;
};

/// One thread; the destructor runs what is queued and joins. Callers bound what they submit.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  ~ThreadExecutor() override;
  void Submit(std::function<void()> task) override;

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Runs each task inside Submit.
class InlineExecutor final : public Executor {
 public:
  void Submit(std::function<void()> task) override { task(); }
};

}  // namespace k2i
