// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/model/schema.h"

namespace k2i::datafile {

/// How a field of a file becomes a column of the table, which may have been evolved since the file was written.
struct FieldProjection {
  std::optional<int> source;              // index among the file's fields; none: `constant`
  iceberg::Literal constant = {};         // of all rows; null unless the file is of one partition value
  std::shared_ptr<arrow::DataType> type;  // ToArrowType of the column
  std::vector<FieldProjection> children;
};

/// The field id that a field read from Parquet carries.
std::optional<int32_t> FieldIdOf(const arrow::Field& field);

/// Finds each of `wanted` among `fields` by its field id, names notwithstanding. Elements of lists and entries of maps
/// are found by their place. `constants`: values of columns that the file may lack, by field id. Corruption when a
/// required column is not there or a nested column has another shape, NotSupported where a missing column has a default
/// value.
Result<std::vector<FieldProjection>> ProjectFields(const std::vector<iceberg::NestedField>& wanted,
                                                   const std::vector<std::shared_ptr<arrow::Field>>& fields,
                                                   const std::map<int32_t, iceberg::Literal>& constants = {});

/// `source` in the wanted form: children by id, types promoted (int to long, float to double, wider decimals), uuids as
/// 16 bytes. Corruption for a type that does not become the wanted one.
Result<std::shared_ptr<arrow::Array>> Project(const FieldProjection& projection, const arrow::Array& source,
                                              arrow::MemoryPool* pool);

}  // namespace k2i::datafile
