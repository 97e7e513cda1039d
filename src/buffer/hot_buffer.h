// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "buffer/slice.h"

namespace k2i::buffer {

/// Slices that are to be flushed: those waiting, and those of the one flush in flight. One thread. What of them queries
/// see is ViewMaker's matter.
class HotBuffer {
 public:
  struct Usage {
    int64_t rows = 0;
    int64_t bytes = 0;
    bool any = false;                       // slices without rows count
    std::optional<Duration> oldest_sealed;  // monotonic
  };

  void Append(SlicePtr slice);

  /// Takes all waiting slices into flight, in order. REQUIRES: no flush is in flight.
  std::vector<SlicePtr> TakeForFlush();
  /// The flush in flight is committed, or fenced off: its slices go.
  void Retire();
  /// The flush in flight has ended without a commit: its slices wait again, before all others.
  void ReturnToWaiting();
  /// Forgets what waits of these partitions; the flush in flight stays as it is.
  void DropWaiting(const std::vector<TopicPartition>& partitions);

  Usage waiting() const;
  /// Waiting and in flight.
  Usage total() const;

 private:
  static Usage Sum(const std::vector<SlicePtr>& slices);

  std::vector<SlicePtr> waiting_;
  std::vector<SlicePtr> in_flight_;
  Usage waiting_usage_;
};

/// High and low water marks for memory, so that pausing and resuming do not chatter. Pure.
struct MemoryBudget {
  int64_t limit_bytes = 0;
  double high = 0.9;
  double low = 0.7;
  /// Above it, rows that are committed give way. Well below `low`: they must never be what a pause is for.
  double retain = 0.5;

  bool ShouldPause(int64_t used_bytes) const { return used_bytes >= static_cast<int64_t>(high * double(limit_bytes)); }
  bool ShouldResume(int64_t used_bytes) const { return used_bytes <= static_cast<int64_t>(low * double(limit_bytes)); }
  /// By how much committed rows are to give way; 0 or less: they may stay.
  int64_t RetainedExcess(int64_t used_bytes) const {
    return used_bytes - static_cast<int64_t>(retain * double(limit_bytes));
  }
};

}  // namespace k2i::buffer
