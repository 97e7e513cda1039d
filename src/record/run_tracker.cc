// SPDX-License-Identifier: Apache-2.0
#include "record/run_tracker.h"

#include <algorithm>
#include <utility>

namespace k2i::record {

void RunTracker::AddRow(const kafka::Message& message) {
  if (partition_.partition != message.partition || partition_.topic != message.topic) {
    partition_ = {std::string(message.topic), message.partition};
    run_open_ = false;
  }
  // A consumer that was set back reads offsets again; a run's offsets ascend all the same.
  if (!run_open_ || message.offset.value <= offsets_.back()) {
    runs_.push_back({.partition = partition_, .first_row = row_count()});
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

DecodedRows RunTracker::Take() {
  std::erase_if(runs_, [](const Run& run) { return run.row_count == 0; });  // left by an AddRow that ran out of memory
  run_open_ = false;
  return {nullptr, std::exchange(runs_, {}), std::exchange(offsets_, {})};
}

}  // namespace k2i::record
