// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "record/decoder.h"

namespace k2i::record {

/// Columns of a dead-letter table, all optional, ids not assigned: topic, partition, offset, timestamp, key, value,
/// headers (as the record had them, bytes as binary), error_class (an ErrorCode's name), error (its text), schema_id
/// (of the table the record was meant for; null where that had no table).
iceberg::Schema DeadLetterSchema();

/// Turns rejected records into rows of DeadLetterSchema(). One thread at a time.
class DeadLetterRows {
 public:
  /// `pool` must outlive this and every row it hands out.
  static Result<std::unique_ptr<DeadLetterRows>> Make(arrow::MemoryPool* pool);

  /// Every record becomes a row, whatever it holds: a timestamp that no column can take, or a header name that is not
  /// UTF-8, is told in the error text instead. ResourceExhausted: out of memory.
  Status Append(std::span<const Rejected> rejected, std::optional<int32_t> schema_id);
  int64_t row_count() const { return decoder_->row_count(); }
  /// Rows since the last Seal.
  Result<DecodedRows> Seal();

 private:
  DeadLetterRows(std::unique_ptr<Decoder> decoder, arrow::MemoryPool* pool)
      : decoder_(std::move(decoder)), pool_(pool) {}

  std::unique_ptr<Decoder> decoder_;  // raw: everything but what is said of the error
  arrow::MemoryPool* const pool_;
  std::vector<std::string> classes_, texts_;
  std::vector<std::optional<int32_t>> schema_ids_;
};

}  // namespace k2i::record
