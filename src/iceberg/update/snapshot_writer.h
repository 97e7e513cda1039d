// SPDX-License-Identifier: Apache-2.0
//
// What every operation that makes a snapshot does: write manifests, then the manifest list of one base.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "iceberg/manifest/manifest.h"
#include "iceberg/update/table_update.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// nullptr where the table does not have it.
const PartitionSpec* FindSpec(const TableMetadata& base, int32_t spec_id);
/// The head of `branch`; for a branch that is not there yet the table's current snapshot, as Iceberg's Java library has
/// it; nullptr for an empty table.
const Snapshot* FindParent(const TableMetadata& base, const std::string& branch);
/// The newest schema that has the sources of `spec`: old specs may be made from columns that have been dropped since.
const Schema& SchemaOfSpec(const TableMetadata& base, const PartitionSpec& spec);

/// The files of one snapshot on its way. Not thread-safe.
class SnapshotWriter {
 public:
  /// `store` must outlive this. `commit_uuid` stands in the names.
  SnapshotWriter(io::ObjectStore& store, int64_t snapshot_id, std::string commit_uuid)
      : store_(store), snapshot_id_(snapshot_id), commit_uuid_(std::move(commit_uuid)) {}

  /// `number` makes the name: a repeat with the same number must be of the same bytes. Errors of the store;
  /// InvalidArgument as EncodeManifest.
  Result<ManifestFile> WriteManifest(const TableMetadata& base, const PartitionSpec& spec, int number,
                                     const std::vector<ManifestEntry>& entries);
  /// The snapshot on top of `parent` (null: the first), its manifest list written. Each call writes a list of its own.
  /// Its time is `now_ms`, or the base's last update where clocks disagree.
  Result<Snapshot> WriteList(const TableMetadata& base, const Snapshot* parent, std::vector<ManifestFile> manifests,
                             std::map<std::string, std::string> summary, int64_t now_ms);

  /// Locations written so far, and those that may have been, for clean-up after a definite failure.
  const std::vector<std::string>& written() const { return written_; }
  /// Of those, what nothing refers to once `committed` is in the table: of tries on bases that had moved. Empty where
  /// none of the lists is that of `committed`.
  std::vector<std::string> Superseded(const Snapshot& committed) const;

 private:
  Status CreateOnce(const std::string& location, const std::string& bytes);

  io::ObjectStore& store_;
  const int64_t snapshot_id_;
  const std::string commit_uuid_;
  std::vector<std::string> written_;
  std::map<std::string, std::set<std::string>> lists_;  // the manifests that each names
};

}  // namespace k2i::iceberg
