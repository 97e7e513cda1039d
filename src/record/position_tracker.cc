// SPDX-License-Identifier: Apache-2.0
#include "record/position_tracker.h"

#include <algorithm>
#include <utility>

namespace k2i::record {

void PositionTracker::Begin(const kafka::Message& message) {
  if (current_ != ranges_.end() && current_->first.partition == message.partition &&
      current_->first.topic == message.topic) {
    return;
  }
  const OffsetRange empty{message.offset, message.offset};
  current_ = ranges_.try_emplace(TopicPartition{std::string(message.topic), message.partition}, empty).first;
  run_open_ = false;
}

void PositionTracker::AddRow(const kafka::Message& message) {
  // A consumer that was set back reads offsets again; a run's offsets ascend all the same.
  if (!run_open_ || message.offset.value <= offsets_.back()) {
    runs_.push_back({.partition = current_->first, .first_row = row_count()});
    run_open_ = true;
  }
  offsets_.push_back(message.offset.value);
  Run& run = runs_.back();
  ++run.row_count;
  if (message.timestamp_ms < 0) return;
  run.max_timestamp_ms = std::max(run.max_timestamp_ms, message.timestamp_ms);
  run.min_timestamp_ms =
      run.min_timestamp_ms < 0 ? message.timestamp_ms : std::min(run.min_timestamp_ms, message.timestamp_ms);
}

DecodedRows PositionTracker::Take() {
  std::erase_if(runs_, [](const Run& run) { return run.row_count == 0; });  // left by an AddRow that ran out of memory
  DecodedRows taken{nullptr, std::exchange(runs_, {}), std::exchange(offsets_, {}), std::exchange(ranges_, {})};
  current_ = ranges_.end();
  run_open_ = false;
  return taken;
}

}  // namespace k2i::record
