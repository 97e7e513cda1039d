// SPDX-License-Identifier: Apache-2.0
//
// Parquet files that no Iceberg writer has made, as data files of a table.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "iceberg/model/data_file.h"
#include "iceberg/model/table_metadata.h"
#include "io/object_store.h"

namespace k2i::datafile {

/// The columns of a Parquet file, all optional, with the field ids it carries (0: none). NotSupported for a type that
/// Iceberg does not have; Corruption: no Parquet; errors of the store.
Result<iceberg::Schema> ColumnsOfFile(io::ObjectStore& store, const std::string& location, arrow::MemoryPool* pool);

/// The file as a manifest of `table` describes it: metrics of the columns at the top as far as its footer has them, and
/// its partition of the table's default spec, proven from the same.
/// - InvalidArgument: it does not fit the table: columns that the table lacks, that lack in it, of other types, or with
///   ids of other columns; nulls in a required one; rows that are not provably of one partition.
/// - NotSupported: it carries no ids, and the table has no name mapping. Beside it as ColumnsOfFile.
Result<iceberg::DataFile> DescribeForeignFile(io::ObjectStore& store, const std::string& location,
                                              const iceberg::TableMetadata& table, arrow::MemoryPool* pool);

}  // namespace k2i::datafile
