// SPDX-License-Identifier: Apache-2.0
//
// Rows grouped by what decides their partition value, before any transform is applied.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "iceberg/model/partition_spec.h"

namespace k2i::datafile {

/// Rows with one index have one value under the transform; the reverse need not hold.
struct SourceGroups {
  std::vector<int32_t> index;             // one a row
  std::vector<iceberg::Literal> samples;  // a source value of each group; null for the group of nulls
};

/// `values` is an array of ToArrowType(type). NotSupported for nested types.
Result<SourceGroups> GroupSourceValues(const arrow::Array& values, const iceberg::Type& type,
                                       const iceberg::Transform& transform);

}  // namespace k2i::datafile
