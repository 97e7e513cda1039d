// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "datafile/position_set.h"
#include "iceberg/model/data_file.h"
#include "io/object_store.h"

namespace k2i::datafile {

/// What a position delete file says, by the data file's location.
using PositionsByFile = std::map<std::string, PositionSet, std::less<>>;

/// A whole position delete file (spec: "Position Delete Files"); nullopt when that takes more than `max_bytes`. Errors
/// as DataFileReader's; Corruption for a null or a position below 0.
Result<std::optional<PositionsByFile>> ReadPositionDeletes(io::ObjectStore& store, const iceberg::DataFile& deletes,
                                                           arrow::MemoryPool* pool, int64_t max_bytes);

/// What it says of one data file; row groups that do not speak of it are not read. As ReadPositionDeletes.
Result<PositionSet> ReadPositionDeletesOf(io::ObjectStore& store, const iceberg::DataFile& deletes,
                                          std::string_view data_file, arrow::MemoryPool* pool);

}  // namespace k2i::datafile
