// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/append.h"

#include <algorithm>
#include <set>
#include <utility>

#include "iceberg/update/snapshot_counters.h"

namespace k2i::iceberg {

Result<Snapshot> Append::Prepare(const TableMetadata& base, int64_t now_ms) {
  if (base.format_version < 2) return Fail(ErrorCode::kNotSupported, "writing to a table of format version 1");
  K2I_RETURN_IF_ERROR(WriteManifest(base));
  const Snapshot* parent = FindParent(base, request_.branch);
  K2I_ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, Manifests(parent));
  return writer_.WriteList(base, parent, std::move(manifests), Summarize(parent), now_ms);
}

Status Append::WriteManifest(const TableMetadata& base) {
  if (request_.files.empty()) return {};
  const int32_t spec_id = request_.files.front().spec_id;
  const PartitionSpec* spec = FindSpec(base, spec_id);
  if (spec == nullptr) {
    return Fail(ErrorCode::kInvalidArgument,
                "the files are of partition spec " + std::to_string(spec_id) + ", which the table does not have");
  }
  if (!manifests_.empty()) return {};
  std::vector<ManifestEntry> entries;
  std::set<std::string> partitions;
  for (const DataFile& file : request_.files) {
    if (file.spec_id != spec_id)
      return Fail(ErrorCode::kInvalidArgument, "files of several partition specs in one append");
    K2I_ASSIGN_OR_RETURN(std::string path, PartitionPath(*spec, base.current_schema(), file.partition));
    partitions.insert(std::move(path));
    entries.push_back({.snapshot_id = request_.snapshot_id, .data_file = file});
  }
  K2I_ASSIGN_OR_RETURN(ManifestFile manifest, writer_.WriteManifest(base, *spec, 0, entries));
  changed_partitions_ = partitions.size();
  manifests_.push_back(std::move(manifest));
  return {};
}

/// The new manifest first, then those of the parent.
Result<std::vector<ManifestFile>> Append::Manifests(const Snapshot* parent) {
  std::vector<ManifestFile> manifests = manifests_;
  if (parent == nullptr) return manifests;
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store_.Read(parent->manifest_list));
  auto inherited = DecodeManifestList(bytes);
  if (!inherited.has_value()) {
    return std::unexpected(inherited.error().With(parent->manifest_list).In(Component::kStorage));
  }
  std::ranges::move(*inherited, std::back_inserter(manifests));
  return manifests;
}

std::map<std::string, std::string> Append::Summarize(const Snapshot* parent) const {
  SnapshotCounters counters;
  for (const DataFile& file : request_.files) counters.Add(file);
  std::map<std::string, std::string> summary = request_.summary;
  summary["operation"] = "append";
  summary["changed-partition-count"] = std::to_string(changed_partitions_);
  counters.WriteTo(summary, parent);
  return summary;
}

}  // namespace k2i::iceberg
