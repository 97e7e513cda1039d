// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/snapshot_writer.h"

#include <algorithm>
#include <ranges>

#include "iceberg/update/metadata_folder.h"

namespace k2i::iceberg {

const PartitionSpec* FindSpec(const TableMetadata& base, int32_t spec_id) {
  const auto found = std::ranges::find(base.partition_specs, spec_id, &PartitionSpec::spec_id);
  return found == base.partition_specs.end() ? nullptr : &*found;
}

const Snapshot* FindParent(const TableMetadata& base, const std::string& branch) {
  if (const Snapshot* head = base.FindRef(branch)) return head;
  return base.current_snapshot_id.has_value() ? base.FindSnapshot(*base.current_snapshot_id) : nullptr;
}

const Schema& SchemaOfSpec(const TableMetadata& base, const PartitionSpec& spec) {
  if (spec.PartitionType(base.current_schema()).has_value()) return base.current_schema();
  for (const Schema& schema : base.schemas | std::views::reverse) {
    if (spec.PartitionType(schema).has_value()) return schema;
  }
  return base.current_schema();
}

Result<ManifestFile> SnapshotWriter::WriteManifest(const TableMetadata& base, const PartitionSpec& spec, int number,
                                                   const std::vector<ManifestEntry>& entries) {
  K2I_ASSIGN_OR_RETURN(EncodedManifest manifest,
                       EncodeManifest(base.format_version, SchemaOfSpec(base, spec), spec, snapshot_id_, entries));
  manifest.summary.manifest_path = MetadataFolder(base) + "/" + commit_uuid_ + "-m" + std::to_string(number) + ".avro";
  K2I_RETURN_IF_ERROR(CreateOnce(manifest.summary.manifest_path, manifest.bytes));
  return std::move(manifest.summary);
}

Result<Snapshot> SnapshotWriter::WriteList(const TableMetadata& base, const Snapshot* parent,
                                           std::vector<ManifestFile> manifests,
                                           std::map<std::string, std::string> summary, int64_t now_ms) {
  Snapshot snapshot;
  snapshot.snapshot_id = snapshot_id_;
  if (parent != nullptr) snapshot.parent_snapshot_id = parent->snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(now_ms, base.last_updated_ms);
  snapshot.schema_id = base.current_schema_id;
  snapshot.summary = std::move(summary);
  if (base.format_version >= 3) {
    K2I_ASSIGN_OR_RETURN(const int64_t next_row_id, AssignFirstRowIds(base.next_row_id, manifests));
    snapshot.first_row_id = base.next_row_id;
    snapshot.added_rows = next_row_id - base.next_row_id;
  }
  snapshot.manifest_list = MetadataFolder(base) + "/snap-" + std::to_string(snapshot_id_) + "-" +
                           std::to_string(lists_.size() + 1) + "-" + commit_uuid_ + ".avro";
  auto& named = lists_[snapshot.manifest_list];
  for (const ManifestFile& manifest : manifests) named.insert(manifest.manifest_path);
  K2I_ASSIGN_OR_RETURN(const std::string bytes, EncodeManifestList(base.format_version, snapshot, manifests));
  K2I_RETURN_IF_ERROR(CreateOnce(snapshot.manifest_list, bytes));
  return snapshot;
}

std::vector<std::string> SnapshotWriter::Superseded(const Snapshot& committed) const {
  std::vector<std::string> superseded;
  const auto list = lists_.find(committed.manifest_list);
  if (list == lists_.end()) return superseded;
  for (const std::string& location : written_) {
    if (location != list->first && !list->second.contains(location)) superseded.push_back(location);
  }
  return superseded;
}

/// The names are ours alone, so a file that is there already with the same bytes was written by a try whose reply was
/// lost.
Status SnapshotWriter::CreateOnce(const std::string& location, const std::string& bytes) {
  if (std::ranges::find(written_, location) == written_.end()) written_.push_back(location);
  Status created = store_.Create(location, bytes);
  if (created.has_value() || created.error().code != ErrorCode::kAlreadyExists) return created;
  const auto there = store_.Read(location);
  if (!there) return std::unexpected(there.error());  // not known yet whose it is
  return *there == bytes ? Status() : created;
}

}  // namespace k2i::iceberg
