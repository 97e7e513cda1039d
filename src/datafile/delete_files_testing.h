// SPDX-License-Identifier: Apache-2.0
//
// Delete files as other engines write them, for tests.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "iceberg/model/data_file.h"
#include "iceberg/model/schema.h"
#include "io/object_store.h"

namespace k2i::datafile {

/// 64-bit Roaring in the portable format, by the library.
std::string EncodePositions(const std::vector<int64_t>& positions);
/// A blob deletion-vector-v1 of what EncodePositions gives, or of any bytes.
std::string SealDeletionVector(const std::string& positions);
std::string EncodeDeletionVector(const std::vector<int64_t>& positions);

/// Each writes one file below `folder`, unpartitioned, and throws when it cannot. `name` makes it unique.
iceberg::DataFile WriteDeletionVector(io::ObjectStore& store, const std::string& folder, const std::string& name,
                                      const std::string& data_file, const std::vector<int64_t>& positions);
/// `deletes`: location and position, in the order they are to have.
iceberg::DataFile WritePositionDeletes(io::ObjectStore& store, const std::string& folder, const std::string& name,
                                       const std::vector<std::pair<std::string, int64_t>>& deletes,
                                       int64_t row_group_rows = 1'000'000);
/// `rows` of `columns`, by which rows are compared.
iceberg::DataFile WriteEqualityDeletes(io::ObjectStore& store, const std::string& folder, const std::string& name,
                                       const iceberg::Schema& columns, const std::shared_ptr<arrow::RecordBatch>& rows);

}  // namespace k2i::datafile
