// SPDX-License-Identifier: Apache-2.0
#include "buffer/snapshot_pins.h"

#include <algorithm>

namespace k2i::buffer {

SnapshotPins::Pin SnapshotPins::Take(int64_t snapshot_id) {
  auto pin = std::make_shared<const int64_t>(snapshot_id);
  std::lock_guard lock(mutex_);
  std::erase_if(taken_, [](const auto& taken) { return taken.expired(); });
  taken_.push_back(pin);
  return pin;
}

std::vector<int64_t> SnapshotPins::Held() const {
  std::vector<int64_t> held;
  {
    std::lock_guard lock(mutex_);
    for (const auto& taken : taken_) {
      if (const auto pin = taken.lock()) held.push_back(*pin);
    }
  }
  std::ranges::sort(held);
  const auto twice = std::ranges::unique(held);
  held.erase(twice.begin(), twice.end());
  return held;
}

}  // namespace k2i::buffer
