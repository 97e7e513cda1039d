// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "iceberg/model/schema.h"
#include "io/object_store.h"

namespace k2i::iceberg {
struct EqualityDeletes;
}

namespace k2i::datafile {

/// The rows of a group of equality delete files (spec: "Equality Delete Files"), each with the newest file that it is
/// in. Immutable once loaded; any number of threads may read.
class EqualitySet {
 public:
  /// `columns`: the fields that the group compares, in its order, primitives at the top of a schema. Errors as
  /// DataFileReader's; ResourceExhausted when it takes more than `max_bytes`.
  static Result<std::shared_ptr<const EqualitySet>> Load(io::ObjectStore& store,
                                                         const iceberg::EqualityDeletes& deletes,
                                                         std::vector<iceberg::NestedField> columns,
                                                         arrow::MemoryPool* pool, int64_t max_bytes);

  const std::vector<iceberg::NestedField>& columns() const { return columns_; }
  /// Sets deleted[i] for the rows of a data file of that sequence number that are deleted. `indexes`: where the
  /// batch has columns(), of their types. `deleted` has an element a row.
  Status Mark(const arrow::RecordBatch& rows, std::span<const int> indexes, int64_t sequence_number,
              std::vector<uint8_t>& deleted) const;
  /// In memory, roughly.
  int64_t size_bytes() const { return size_bytes_; }

 private:
  explicit EqualitySet(std::vector<iceberg::NestedField> columns) : columns_(std::move(columns)) {}
  Status Add(const arrow::RecordBatch& rows, int64_t sequence_number, int64_t max_bytes);

  std::vector<iceberg::NestedField> columns_;
  std::unordered_map<std::string, int64_t> newest_;  // sequence number by key
  int64_t size_bytes_ = 0;
};

}  // namespace k2i::datafile
