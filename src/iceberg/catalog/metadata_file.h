// SPDX-License-Identifier: Apache-2.0
//
// Table metadata files, as catalogs that swap a pointer (SQL, Hive, Glue) write and read them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "iceberg/model/table_metadata.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// Up to so many, metadata files are small enough to be read with a pager; beyond, each commit would write megabytes.
constexpr size_t kPlainSnapshots = 1'000;

/// Plain or gzip, whatever the name says. Errors carry Component::kStorage: those of the store; Corruption for
/// malformed metadata, and for a file that is not there, since the catalog points to it; NotSupported for a newer
/// format. `known`: as for ParseTableMetadata.
Result<std::shared_ptr<const TableMetadata>> ReadMetadataFile(io::ObjectStore& store, const std::string& location,
                                                              const TableMetadata* known = nullptr);

/// "<metadata folder>/00004-<uuid>.metadata.json" for the metadata that follows the file `previous` ("00003-…"; empty:
/// the first, 00000). ".gz.metadata.json" when property write.metadata.compression-codec is gzip, or is not set and
/// there are more snapshots than kPlainSnapshots.
std::string NewMetadataLocation(const TableMetadata& metadata, std::string_view previous, std::string_view uuid);

/// Writes it in the form its name says. After an error the file may be there; it has been tried to delete it.
Status WriteMetadataFile(io::ObjectStore& store, const std::string& location, const TableMetadata& metadata);

/// After a commit from `before` to `after`: deletes the files that have left the metadata log, if property
/// write.metadata.delete-after-commit.enabled is true. What cannot be deleted is left to orphan clean-up.
void DeleteOldMetadataFiles(io::ObjectStore& store, const TableMetadata& before, const TableMetadata& after);

}  // namespace k2i::iceberg
