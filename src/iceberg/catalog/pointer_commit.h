// SPDX-License-Identifier: Apache-2.0
//
// What catalogs that hold a pointer to each table's metadata file (SQL, Hive, Glue) do round the swap of that pointer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/catalog/metadata_reader.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// What metadata files are written with; all must outlive the call. `reader` is told what has been committed.
struct MetadataWriting {
  io::ObjectStore& store;
  MetadataReader& reader;
  Clock& clock;
  Random& random;
};

/// Makes the catalog point to `next.metadata_location`, if it still points to where it did (nowhere for a new table).
/// CommitStateUnknown where it may have or not; any other error says that it does not.
using PointerSwap = std::function<Status(const LoadedTable& next)>;

/// A new table at `location`, unless the request names another: its first metadata file is written, then `swap` called.
/// The file is deleted again after an error that says that nothing points to it. The errors of catalog.h, and those of
/// `swap`.
Result<LoadedTable> CreateByPointer(const MetadataWriting& writing, const TableIdentifier& table,
                                    const CreateTableRequest& request, const std::string& location,
                                    const PointerSwap& swap);

/// The table that the file at `metadata_location` describes: the file is read, then `swap` called. Nothing is written
/// or deleted. NotFound: there is no such file. Corruption: it is none of a table. Beside them the errors of `swap`.
Result<LoadedTable> RegisterByPointer(const MetadataWriting& writing, const TableIdentifier& table,
                                      const std::string& metadata_location, const PointerSwap& swap);

/// Applies the updates to `current`, as the catalog has it now, if the requirements hold; writes the metadata file,
/// calls `swap`, and deletes the file again after a definite loss. Old metadata files go as the table's properties say.
Result<LoadedTable> CommitByPointer(const MetadataWriting& writing, const LoadedTable& current,
                                    const std::vector<TableRequirement>& requirements,
                                    const std::vector<TableUpdate>& updates, const PointerSwap& swap);

}  // namespace k2i::iceberg
