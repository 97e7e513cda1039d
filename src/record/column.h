// SPDX-License-Identifier: Apache-2.0
//
// Columns that grow value by value from JSON, or from values known already, and are sealed as Arrow arrays. Arrow's own
// builders cost twice as much (design.md §10) and cannot take back a row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "record/column_buffer.h"
#include "record/json_reader.h"
#include "record/number_text.h"

namespace arrow {
class Buffer;
class DataType;
class MemoryPool;
struct ArrayData;
}  // namespace arrow

namespace k2i::record {

class NestedColumn;

/// All appending throws what ColumnBuffer::Reserve throws. A value that was begun and not finished is taken back by
/// Truncate.
class Column {
 public:
  Column(std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool);
  virtual ~Column();

  /// Appends the value the reader stands at, which is not null. False: it does not fit; the reader has the reason.
  virtual bool AppendJson(JsonReader& in) = 0;
  virtual void AppendNull() = 0;
  /// Appends a valid zero, empty string or list: fills a required column below a null.
  virtual void AppendZero() = 0;
  /// Takes back all rows from `length` on, and whatever of a value has been begun. REQUIRES: length ≤ length().
  virtual void Truncate(int64_t length) = 0;
  /// The rows since the last Seal, which make an array of their own.
  virtual std::shared_ptr<arrow::ArrayData> Seal() = 0;

  int64_t length() const { return length_; }
  /// "device.os", "items[0].sku": with the positions of the value being appended.
  std::string Path() const;

 protected:
  friend class NestedColumn;
  /// An array of `buffers` behind the validity bitmap; resets length and validity.
  std::shared_ptr<arrow::ArrayData> SealArray(std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                                              std::vector<std::shared_ptr<arrow::ArrayData>> children = {});
  void Finish() {
    validity_.AppendValid();
    ++length_;
  }
  void FinishNull() {
    validity_.AppendNull(length_);
    ++length_;
  }
  void TruncateRows(int64_t length);
  /// Fails with "path: token why".
  bool Reject(JsonReader& in, std::string_view token, Why why) const;

  std::shared_ptr<arrow::DataType> type_;
  Validity validity_;
  int64_t length_ = 0;
  const NestedColumn* parent_ = nullptr;
};

}  // namespace k2i::record
