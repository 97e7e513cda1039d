// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/pointer_commit.h"

#include <memory>
#include <utility>

#include "iceberg/catalog/metadata_file.h"

namespace k2i::iceberg {
namespace {

/// Writes `metadata` behind the file `previous` and swaps the pointer to it.
Result<LoadedTable> WriteAndSwap(const MetadataWriting& writing, const TableIdentifier& table, TableMetadata metadata,
                                 const std::string& previous, const PointerSwap& swap) {
  LoadedTable next{.identifier = table,
                   .metadata_location = NewMetadataLocation(metadata, previous, writing.random.Uuid()),
                   .metadata = std::make_shared<const TableMetadata>(std::move(metadata)),
                   .config = {}};
  K2I_RETURN_IF_ERROR(WriteMetadataFile(writing.store, next.metadata_location, *next.metadata));
  if (Status swapped = swap(next); !swapped.has_value()) {
    if (swapped.error().code != ErrorCode::kCommitStateUnknown) (void)writing.store.Delete(next.metadata_location);
    return std::unexpected(std::move(swapped).error());
  }
  return next;
}

}  // namespace

Result<LoadedTable> CreateByPointer(const MetadataWriting& writing, const TableIdentifier& table,
                                    const CreateTableRequest& request, const std::string& location,
                                    const PointerSwap& swap) {
  auto created = NewTableMetadata(request, request.location.empty() ? location : request.location,
                                  writing.random.Uuid(), writing.clock.wall_ms());
  if (!created.has_value()) return std::unexpected(created.error().In(Component::kCatalog));
  return WriteAndSwap(writing, table, *std::move(created), "", swap);
}

Result<LoadedTable> RegisterByPointer(const MetadataWriting& writing, const TableIdentifier& table,
                                      const std::string& metadata_location, const PointerSwap& swap) {
  if (const auto there = writing.store.Stat(metadata_location); !there.has_value()) {
    return std::unexpected(there.error().With("metadata file " + metadata_location));
  }
  K2I_ASSIGN_OR_RETURN(auto metadata, writing.reader.Read(metadata_location));
  LoadedTable registered{table, metadata_location, std::move(metadata), {}};
  K2I_RETURN_IF_ERROR(swap(registered));
  return registered;
}

Result<LoadedTable> CommitByPointer(const MetadataWriting& writing, const LoadedTable& current,
                                    const std::vector<TableRequirement>& requirements,
                                    const std::vector<TableUpdate>& updates, const PointerSwap& swap) {
  if (Status met = CheckRequirements(requirements, current.metadata.get()); !met.has_value()) {
    return std::unexpected(met.error().In(Component::kCatalog));
  }
  auto updated = ApplyUpdates(*current.metadata, current.metadata_location, updates, writing.clock.wall_ms());
  if (!updated.has_value()) return std::unexpected(updated.error().In(Component::kCatalog));
  auto committed = WriteAndSwap(writing, current.identifier, *std::move(updated), current.metadata_location, swap);
  if (!committed.has_value()) return committed;
  writing.reader.Remember(committed->metadata_location, committed->metadata);
  DeleteOldMetadataFiles(writing.store, *current.metadata, *committed->metadata);
  return committed;
}

}  // namespace k2i::iceberg
