// SPDX-License-Identifier: Apache-2.0
//
// Where work that must not block its caller runs: a thread in the product, inline in tests, a fiber in the simulator.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace k2i {

/// Runs tasks one after the other, in the order they came.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Submit(std::function<void()> task) = 0;
  /// Waits until all that was submitted has run, `patience` at most; says whether it has. The wait is the executor's,
  /// for only it knows what its tasks run on.
  virtual bool WaitUntilIdle(Duration patience) = 0;
};

/// One thread; the destructor runs what is queued and joins. Callers bound what they submit.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor();
  ~ThreadExecutor() override;
  void Submit(std::function<void()> task) override;
  bool WaitUntilIdle(Duration patience) override;

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable woken_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> tasks_;
  bool running_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// Runs each task inside Submit.
class InlineExecutor final : public Executor {
 public:
  void Submit(std::function<void()> task) override { task(); }
  bool WaitUntilIdle(Duration) override { return true; }
};

}  // namespace k2i
