// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "kafka/message.h"
#include "record/decoded_rows.h"

namespace k2i::record {

/// Keeps the Kafka positions of a decoder's rows. Each message is announced by Begin, then perhaps counted by AddRow,
/// then finished by Pass; if one of them throws, row_count() has not changed.
class PositionTracker {
 public:
  void Begin(const kafka::Message& message);
  void AddRow(const kafka::Message& message);
  void Pass(const kafka::Message& message) { current_->second.end = Offset{message.offset.value + 1}; }

  int64_t row_count() const { return static_cast<int64_t>(offsets_.size()); }
  /// Everything since the last call, but for the rows themselves.
  DecodedRows Take();

 private:
  OffsetRanges ranges_;
  OffsetRanges::iterator current_ = ranges_.end();  // the partition of the message
  bool run_open_ = false;                           // the last run is of that partition
  std::vector<Run> runs_;
  std::vector<int64_t> offsets_;
};

}  // namespace k2i::record
