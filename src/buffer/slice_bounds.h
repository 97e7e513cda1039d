// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <mutex>
#include <vector>

namespace k2i::buffer {

/// The smallest and the largest value of each column of some rows. Found when a query first asks for the column, so
/// that sealing costs nothing, and kept from then on. Thread-safe.
class SliceBounds {
 public:
  struct Column {
    std::shared_ptr<arrow::Scalar> smallest;  // of values that are neither null nor NaN; null: there is none
    std::shared_ptr<arrow::Scalar> largest;
    int64_t null_count = 0;
  };
  using ColumnPtr = std::shared_ptr<const Column>;

  /// Of a column of `rows`, which must be the same rows at every call, or a part of those of the first. Null: its type
  /// has no order (nested ones).
  ColumnPtr Of(const arrow::RecordBatch& rows, int column);

 private:
  struct Known {
    bool found = false;
    ColumnPtr bounds;
  };
  std::mutex mutex_;
  std::vector<Known> columns_;  // guarded by mutex_
};

}  // namespace k2i::buffer
