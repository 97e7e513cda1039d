// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "query/watchdog.h"

namespace k2i::query {

/// Bounds how many queries run at once, and how many wait for their turn. Thread-safe.
class Admission {
 public:
  Admission(int max_running, int max_waiting) : max_running_(max_running), max_waiting_(max_waiting) {}

  /// A place among those that run, given back when it is destroyed.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(Admission& owner) : owner_(&owner) {}
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Slot() {
      if (owner_ != nullptr) owner_->Leave();
    }

   private:
    Admission* owner_ = nullptr;
  };

  /// ResourceExhausted when too many wait already; Timeout when it has no turn before `deadline`.
  Result<Slot> Enter(Deadline deadline);

 private:
  void Leave();

  const int max_running_;
  const int max_waiting_;
  std::mutex mutex_;
  std::condition_variable left_;
  int running_ = 0;
  int waiting_ = 0;
};

}  // namespace k2i::query
