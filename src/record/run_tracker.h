// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "kafka/message.h"
#include "record/decoded_rows.h"

namespace k2i::record {

/// Keeps the Kafka positions of a decoder's rows. If AddRow throws, row_count() has not changed.
class RunTracker {
 public:
  void AddRow(const kafka::Message& message);

  int64_t row_count() const { return static_cast<int64_t>(offsets_.size()); }
  /// Everything since the last call, but for the rows themselves.
  DecodedRows Take();

 private:
  TopicPartition partition_;
  bool run_open_ = false;  // the last run is of that partition
  std::vector<Run> runs_;
  std::vector<int64_t> offsets_;
};

}  // namespace k2i::record
