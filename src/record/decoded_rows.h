// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/ids.h"

namespace arrow {
class RecordBatch;
}  // namespace arrow

namespace k2i::record {

/// Neighbouring rows of one partition, offsets ascending.
struct Run {
  TopicPartition partition;
  int64_t first_row = 0;
  int64_t row_count = 0;
  int64_t min_timestamp_ms = -1;  // of the record timestamps; -1: no row has one
  int64_t max_timestamp_ms = -1;
};

/// Rows with the Kafka positions they came from. `runs` cover `rows` without a gap, in row order.
struct DecodedRows {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<Run> runs;
  std::vector<int64_t> offsets;  // one a row
};

/// A record that makes no row, with what a dead-letter table keeps of it; owns its bytes.
struct Rejected {
  TopicPartition partition;
  Offset offset;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::string reason;  // valid UTF-8; names the column's path where there is one
  ErrorCode code = ErrorCode::kInvalidArgument;
};

}  // namespace k2i::record
