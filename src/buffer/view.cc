// SPDX-License-Identifier: Apache-2.0
#include "buffer/view.h"

#include <utility>

namespace k2i::buffer {

void ViewPublisher::Publish(ViewPtr view) {
  {
    std::lock_guard lock(mutex_);
    current_.swap(view);
  }
  published_.notify_all();
  // The old view is let go of here, outside the lock.
}

ViewPtr ViewPublisher::Current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

ViewPtr ViewPublisher::WaitUntil(const std::function<bool(const View&)>& fits, Duration patience) const {
  std::unique_lock lock(mutex_);
  const bool found = published_.wait_for(lock, patience, [&] { return current_ != nullptr && fits(*current_); });
  return found ? current_ : nullptr;
}

}  // namespace k2i::buffer
