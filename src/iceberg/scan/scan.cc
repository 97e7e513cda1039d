// SPDX-License-Identifier: Apache-2.0
#include "iceberg/scan/scan.h"

#include <algorithm>
#include <string>
#include <utility>

namespace k2i::iceberg {
namespace {

/// False only for manifests that say so: those of v1 may lack the counts.
bool MayHaveLiveFiles(const ManifestFile& manifest) {
  return manifest.added_files_count != 0 || manifest.existing_files_count != 0;
}

bool IsData(const ManifestEntry& entry) { return entry.data_file.content == DataFile::Content::kData; }

}  // namespace

Result<std::vector<ManifestFile>> ListManifests(io::ObjectStore& store, const Snapshot& snapshot) {
  if (snapshot.manifest_list.empty()) {
    return Fail(ErrorCode::kNotSupported,
                "snapshot " + std::to_string(snapshot.snapshot_id) + " has no manifest list (a table of v1)",
                Component::kStorage);
  }
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store.Read(snapshot.manifest_list));
  auto manifests = DecodeManifestList(bytes);
  if (!manifests) return std::unexpected(manifests.error().With(snapshot.manifest_list).In(Component::kStorage));
  return manifests;
}

Result<std::vector<ManifestEntry>> ReadManifest(io::ObjectStore& store, const TableMetadata& metadata,
                                                const ManifestFile& manifest) {
  const auto spec = std::ranges::find(metadata.partition_specs, manifest.partition_spec_id, &PartitionSpec::spec_id);
  if (spec == metadata.partition_specs.end()) {
    return Fail(ErrorCode::kCorruption,
                manifest.manifest_path + " is of partition spec " + std::to_string(manifest.partition_spec_id) +
                    ", which the table does not have",
                Component::kStorage);
  }
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store.Read(manifest.manifest_path));
  auto entries = DecodeManifest(bytes, manifest, *spec, metadata.current_schema());
  if (!entries) return std::unexpected(entries.error().With(manifest.manifest_path).In(Component::kStorage));
  return entries;
}

Result<SnapshotFiles> PlanFiles(io::ObjectStore& store, const TableMetadata& metadata, const Snapshot& snapshot) {
  K2I_ASSIGN_OR_RETURN(const auto manifests, ListManifests(store, snapshot));
  SnapshotFiles files;
  for (const ManifestFile& manifest : manifests) {
    if (!MayHaveLiveFiles(manifest)) continue;
    K2I_ASSIGN_OR_RETURN(auto entries, ReadManifest(store, metadata, manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == ManifestEntry::Status::kDeleted) continue;
      (IsData(entry) ? files.data : files.deletes).push_back(std::move(entry));
    }
  }
  return files;
}

Result<SnapshotChanges> ListChanges(io::ObjectStore& store, const TableMetadata& metadata, const Snapshot& snapshot) {
  K2I_ASSIGN_OR_RETURN(const auto manifests, ListManifests(store, snapshot));
  SnapshotChanges changes;
  for (const ManifestFile& manifest : manifests) {
    if (manifest.added_snapshot_id != snapshot.snapshot_id) continue;
    K2I_ASSIGN_OR_RETURN(auto entries, ReadManifest(store, metadata, manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == ManifestEntry::Status::kExisting || entry.snapshot_id != snapshot.snapshot_id) continue;
      const bool added = entry.status == ManifestEntry::Status::kAdded;
      auto& data = added ? changes.added_data : changes.removed_data;
      auto& deletes = added ? changes.added_deletes : changes.removed_deletes;
      (IsData(entry) ? data : deletes).push_back(std::move(entry));
    }
  }
  return changes;
}

}  // namespace k2i::iceberg
