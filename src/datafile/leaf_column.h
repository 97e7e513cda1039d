// SPDX-License-Identifier: Apache-2.0
//
// The leaves of a schema: what Parquet stores as columns and Iceberg keeps metrics of.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::datafile {

struct LeafColumn {
  int32_t field_id = 0;
  iceberg::TypePtr type;
  std::string name;           // Iceberg's: "user.address.city", "tags.element", "props.value"
  std::string parquet_path;   // Parquet's: "tags.list.element", "props.key_value.value"
  std::vector<int> position;  // index of the top-level column, then of each child below it (list: 0; map: 0 or 1)
  bool repeated = false;      // inside a list or map
};

/// In depth-first order, which is that of Parquet's columns.
std::vector<LeafColumn> LeafColumns(const iceberg::Schema& schema);

/// The values of `leaf` in `rows`: nulls of the structs above are nulls in it, and only elements of lists and maps that
/// are there are in it, so that it is longer or shorter than `rows` for a repeated leaf.
Result<std::shared_ptr<arrow::Array>> LeafValues(const arrow::RecordBatch& rows, const LeafColumn& leaf,
                                                 arrow::MemoryPool* pool);

}  // namespace k2i::datafile
