// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "txlog/entry.h"

namespace k2i::txlog {

/// As Replay, and takes the entry's parts: an entry is large, and there may be a million.
void ReplayAndTake(RecoveryState& state, Entry& entry);

/// The state after the entries of one segment. There is none unless the first is a checkpoint: a rotation that was cut
/// short leaves such a segment, and nothing was ever logged in it.
class SegmentReplay {
 public:
  void Take(Entry& entry) {
    if (!started_) state_.emplace();
    if (!std::exchange(started_, true) && !std::holds_alternative<Checkpoint>(entry)) state_.reset();
    if (state_) ReplayAndTake(*state_, entry);
  }
  std::optional<RecoveryState>& state() { return state_; }

 private:
  bool started_ = false;
  std::optional<RecoveryState> state_;
};

}  // namespace k2i::txlog
