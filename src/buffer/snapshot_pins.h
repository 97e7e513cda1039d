// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace k2i::buffer {

/// Which snapshots are in use: those of views that somebody holds. Thread-safe.
class SnapshotPins {
 public:
  /// The snapshot is in use as long as a copy of this lives.
  using Pin = std::shared_ptr<const int64_t>;

  Pin Take(int64_t snapshot_id);
  /// Ascending, each once.
  std::vector<int64_t> Held() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<const int64_t>> taken_;  // guarded by mutex_
};

}  // namespace k2i::buffer
