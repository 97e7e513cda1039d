// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace k2i::server {

/// Lets at most `limit` in at once and makes nobody wait. Thread-safe; tickets may outlive it.
class Admission {
 public:
  explicit Admission(size_t limit) : limit_(limit), inside_(std::make_shared<std::atomic<size_t>>(0)) {}

  /// Its holder is inside; null: it is full.
  std::shared_ptr<void> TryEnter() {
    if (inside_->fetch_add(1) >= limit_) {
      inside_->fetch_sub(1);
      return nullptr;
    }
    return {inside_.get(), [inside = inside_](void*) { inside->fetch_sub(1); }};
  }
  size_t limit() const { return limit_; }

 private:
  const size_t limit_;
  const std::shared_ptr<std::atomic<size_t>> inside_;
};

}  // namespace k2i::server
