// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/rewrite.h"

#include <algorithm>

#include "iceberg/model/partition_key.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/scan.h"

namespace k2i::iceberg {
namespace {

using Content = ManifestFile::Content;

Content KindOf(const DataFile& file) {
  return file.content == DataFile::Content::kData ? Content::kData : Content::kDeletes;
}

Status CheckVersion(const TableMetadata& base) {
  if (base.format_version >= 2) return {};
  return Fail(ErrorCode::kNotSupported, "rewriting a table of format version 1");
}

bool HasLiveFiles(const ManifestFile& manifest) {
  return manifest.added_files_count != 0 || manifest.existing_files_count != 0;
}

}  // namespace

std::string FileKey(const DataFile& file) {
  return file.content_offset ? file.file_path + "#" + std::to_string(*file.content_offset) : file.file_path;
}

Rewrite::Rewrite(io::ObjectStore& store, RewriteRequest request)
    : request_(std::move(request)), writer_(store, request_.snapshot_id, request_.commit_uuid), store_(store) {
  std::set<std::pair<int32_t, std::string>> partitions;
  for (const DataFile& file : request_.removed) {
    removed_.insert(FileKey(file));
    removed_kinds_.insert({file.spec_id, KindOf(file)});
    partitions.insert({file.spec_id, PartitionKey(file.partition)});
    counters_.Remove(file);
  }
  for (const auto& [file, sequence_number] : request_.added) {
    added_specs_.insert(file.spec_id);
    partitions.insert({file.spec_id, PartitionKey(file.partition)});
    keeps_sequence_ = keeps_sequence_ && sequence_number.has_value();
    counters_.Add(file);
  }
  changed_partitions_ = partitions.size();
}

Result<PreparedReplace> Rewrite::Prepare(const TableMetadata& base, int64_t now_ms) {
  K2I_RETURN_IF_ERROR(CheckVersion(base));
  const Snapshot* parent = base.FindRef(request_.branch);
  if (parent == nullptr) return PreparedReplace{.snapshot = {}, .reason = "the branch has no snapshot"};
  K2I_ASSIGN_OR_RETURN(const auto inherited, ListManifests(store_, *parent));
  std::vector<ManifestFile> manifests;
  std::set<std::string> missing = removed_;
  for (const ManifestFile& manifest : inherited) {
    if (!HasLiveFiles(manifest)) continue;
    K2I_ASSIGN_OR_RETURN(std::string later, FindLaterDelete(base, manifest));
    if (!later.empty()) return PreparedReplace{.snapshot = {}, .reason = std::move(later)};
    K2I_ASSIGN_OR_RETURN(const Seen* seen, Look(base, manifest));
    for (const std::string& key : seen->removed) {
      if (missing.erase(key) == 1) continue;
      return Fail(ErrorCode::kInvalidArgument, "the table references " + key + " twice");
    }
    manifests.push_back(seen->replacement.value_or(manifest));
  }
  if (!missing.empty()) {
    return PreparedReplace{.snapshot = {}, .reason = *missing.begin() + " is not in the table any more"};
  }
  K2I_RETURN_IF_ERROR(WriteAdded(base));
  manifests.insert(manifests.begin(), added_manifests_->begin(), added_manifests_->end());
  PreparedReplace prepared;
  K2I_ASSIGN_OR_RETURN(prepared.snapshot,
                       writer_.WriteList(base, parent, std::move(manifests), Summarize(parent), now_ms));
  return prepared;
}

bool Rewrite::MayNameRemoved(const ManifestFile& manifest) const {
  return removed_kinds_.contains({manifest.partition_spec_id, manifest.content});
}

Result<const Rewrite::Seen*> Rewrite::Look(const TableMetadata& base, const ManifestFile& manifest) {
  const auto known = seen_.find(manifest.manifest_path);
  if (known != seen_.end()) return &known->second;
  Seen seen;
  if (MayNameRemoved(manifest)) {
    K2I_ASSIGN_OR_RETURN(seen, ReadAndReplace(base, manifest));
  }
  return &seen_.emplace(manifest.manifest_path, std::move(seen)).first->second;
}

Result<Rewrite::Seen> Rewrite::ReadAndReplace(const TableMetadata& base, const ManifestFile& manifest) {
  K2I_ASSIGN_OR_RETURN(auto entries, ReadManifest(store_, base, manifest));
  // What was deleted before is told by the snapshots before.
  std::erase_if(entries, [](const ManifestEntry& each) { return each.status == ManifestEntry::Status::kDeleted; });
  Seen seen;
  for (ManifestEntry& entry : entries) {
    entry.status = ManifestEntry::Status::kExisting;
    if (!removed_.contains(FileKey(entry.data_file))) continue;
    entry.status = ManifestEntry::Status::kDeleted;
    entry.snapshot_id = request_.snapshot_id;
    seen.removed.push_back(FileKey(entry.data_file));
  }
  if (seen.removed.empty()) return seen;
  const PartitionSpec* spec = FindSpec(base, manifest.partition_spec_id);  // ReadManifest has found it
  K2I_ASSIGN_OR_RETURN(seen.replacement, writer_.WriteManifest(base, *spec, next_manifest_++, entries));
  return seen;
}

Status Rewrite::WriteAdded(const TableMetadata& base) {
  if (added_manifests_) return {};
  std::map<std::pair<int32_t, Content>, std::vector<ManifestEntry>> entries;
  for (const auto& [file, sequence_number] : request_.added) {
    entries[{file.spec_id, KindOf(file)}].push_back(
        {.snapshot_id = request_.snapshot_id, .sequence_number = sequence_number, .data_file = file});
  }
  std::vector<ManifestFile> manifests;
  for (const auto& [kind, files] : entries) {
    const PartitionSpec* spec = FindSpec(base, kind.first);
    if (spec == nullptr) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the files are of partition spec " + std::to_string(kind.first) + ", which the table does not have");
    }
    K2I_ASSIGN_OR_RETURN(manifests.emplace_back(), writer_.WriteManifest(base, *spec, next_manifest_++, files));
  }
  added_manifests_ = std::move(manifests);
  return {};
}

/// Why the plan is stale, by a delete file of `manifest` that came after it; "": none.
Result<std::string> Rewrite::FindLaterDelete(const TableMetadata& base, const ManifestFile& manifest) {
  if (manifest.content != Content::kDeletes || manifest.sequence_number <= request_.planned_sequence_number) return "";
  if (harmless_.contains(manifest.manifest_path)) return "";
  K2I_ASSIGN_OR_RETURN(auto entries, ReadManifest(store_, base, manifest));
  std::erase_if(entries, [&](const ManifestEntry& each) {
    return each.status == ManifestEntry::Status::kDeleted ||
           each.sequence_number.value_or(0) <= request_.planned_sequence_number;
  });
  K2I_ASSIGN_OR_RETURN(const DeleteIndex later, DeleteIndex::Make(std::move(entries), base.partition_specs));
  for (const DataFile& file : request_.removed) {
    if (KindOf(file) != Content::kData) continue;
    // All that is removed was there before.
    const ManifestEntry before{.sequence_number = request_.planned_sequence_number, .data_file = file};
    K2I_ASSIGN_OR_RETURN(const DeletesOfFile deletes, later.For(before));
    if (Undone(base, file, deletes))
      return "rows of " + file.file_path + ", which is to be replaced, were deleted meanwhile";
  }
  harmless_.insert(manifest.manifest_path);
  return "";
}

/// True when rows of `file` that `later` deletes would come back with the added files.
bool Rewrite::Undone(const TableMetadata& base, const DataFile& file, const DeletesOfFile& later) const {
  if (later.vector != nullptr || !later.positions.empty()) return true;
  if (later.equalities.empty()) return false;
  if (!keeps_sequence_) return true;
  // They delete from the added files just so, where those are where they look.
  if (added_specs_.empty() || added_specs_ == std::set{file.spec_id}) return false;
  const auto global = [&](const EntryPtr& each) {
    const PartitionSpec* spec = FindSpec(base, each->data_file.spec_id);
    return spec != nullptr && spec->is_unpartitioned();
  };
  return !std::ranges::all_of(later.equalities,
                              [&](const auto& each) { return std::ranges::all_of(each->files, global); });
}

std::map<std::string, std::string> Rewrite::Summarize(const Snapshot* parent) const {
  std::map<std::string, std::string> summary = request_.summary;
  summary["operation"] = "replace";
  summary["changed-partition-count"] = std::to_string(changed_partitions_);
  counters_.WriteTo(summary, parent);
  return summary;
}

}  // namespace k2i::iceberg
