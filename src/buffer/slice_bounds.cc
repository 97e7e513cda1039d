// SPDX-License-Identifier: Apache-2.0
#include "buffer/slice_bounds.h"

#include <arrow/array.h>
#include <arrow/compute/api_aggregate.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

namespace k2i::buffer {
namespace {

SliceBounds::ColumnPtr FindBounds(const arrow::Array& values) {
  auto bounds = std::make_shared<SliceBounds::Column>();
  bounds->null_count = values.null_count();
  const auto found = arrow::compute::MinMax(values);
  if (!found.ok()) return nullptr;
  const auto& ends = static_cast<const arrow::StructScalar&>(*found->scalar()).value;
  if (!ends[0]->is_valid) return bounds;
  bounds->smallest = ends[0];
  bounds->largest = ends[1];
  return bounds;
}

}  // namespace

SliceBounds::ColumnPtr SliceBounds::Of(const arrow::RecordBatch& rows, int column) {
  std::lock_guard lock(mutex_);
  columns_.resize(static_cast<size_t>(rows.num_columns()));
  Known& known = columns_[static_cast<size_t>(column)];
  if (!known.found) known = {.found = true, .bounds = FindBounds(*rows.column(column))};
  return known.bounds;
}

}  // namespace k2i::buffer
