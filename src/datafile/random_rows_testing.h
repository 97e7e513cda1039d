// SPDX-License-Identifier: Apache-2.0
//
// Random rows of any schema, for tests of this folder.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::datafile {

struct RandomRows {
  std::mt19937_64 engine;
  double null_share = 0.2;  // of optional values
  int64_t distinct = 50;    // values a column draws from
  size_t max_text = 30;     // length of strings, in code points
  size_t max_elements = 3;  // of a list or map

  explicit RandomRows(uint64_t seed) : engine(seed) {}
  /// Rows of ToArrowSchema(schema).
  std::shared_ptr<arrow::RecordBatch> Batch(const iceberg::Schema& schema, int64_t rows);
};

/// Throws unless `status` is ok.
void Must(const arrow::Status& status);

/// A schema with every type of the format version, nested ones too, and required and optional columns.
iceberg::Schema AllTypesSchema(int format_version);

/// Value of a primitive array at `i`, as a literal of `type`; null for a null.
iceberg::Literal LiteralAt(const arrow::Array& array, const iceberg::Type& type, int64_t i);

}  // namespace k2i::datafile
