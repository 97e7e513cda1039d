// SPDX-License-Identifier: Apache-2.0
#include "query/admission.h"

#include <string>

namespace k2i::query {

Result<Admission::Slot> Admission::Enter(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (running_ >= max_running_) {
    if (waiting_ >= max_waiting_) {
      return Fail(ErrorCode::kResourceExhausted,
                  std::to_string(running_) + " queries run and " + std::to_string(waiting_) + " wait: try again later");
    }
    ++waiting_;
    const bool free = left_.wait_until(lock, deadline, [&] { return running_ < max_running_; });
    --waiting_;
    if (!free) return Fail(ErrorCode::kTimeout, "other queries have taken all the time there was");
  }
  ++running_;
  return Slot(*this);
}

void Admission::Leave() {
  {
    std::lock_guard lock(mutex_);
    --running_;
  }
  left_.notify_one();
}

}  // namespace k2i::query
