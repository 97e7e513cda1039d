// SPDX-License-Identifier: Apache-2.0
#include "engines/engine_work.h"

#include <charconv>
#include <set>

namespace k2i::engines {
namespace {

using iceberg::Snapshot;
using iceberg::TableMetadata;

std::string SummaryText(const Snapshot& snapshot, const std::string& key) {
  const auto found = snapshot.summary.find(key);
  return found == snapshot.summary.end() ? "" : found->second;
}

bool IsOf(const Snapshot& snapshot, const EngineSign& sign) {
  if (SummaryText(snapshot, "operation") != "replace" || SummaryText(snapshot, "engine-name") != sign.engine) {
    return false;
  }
  const std::string job = SummaryText(snapshot, sign.key);
  return sign.job.empty() || job.empty() || job == sign.job;
}

}  // namespace

int64_t SummaryCount(const Snapshot& snapshot, std::string_view key) {
  const std::string text = SummaryText(snapshot, std::string(key));
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() ? count : 0;
}

EngineWork WorkBetween(const TableMetadata& before, const TableMetadata& after, const EngineSign& sign) {
  EngineWork work;
  for (const Snapshot& snapshot : after.snapshots) {
    if (before.FindSnapshot(snapshot.snapshot_id) != nullptr || !IsOf(snapshot, sign)) continue;
    work.snapshots.push_back(snapshot.snapshot_id);
    work.files_removed += SummaryCount(snapshot, "deleted-data-files");
    work.files_added += SummaryCount(snapshot, "added-data-files");
    work.bytes_removed += SummaryCount(snapshot, "removed-files-size");
    work.bytes_added += SummaryCount(snapshot, "added-files-size");
    work.rows_removed += SummaryCount(snapshot, "deleted-records");
    work.rows_added += SummaryCount(snapshot, "added-records");
    work.delete_files_removed += SummaryCount(snapshot, "removed-delete-files");
  }
  return work;
}

std::vector<int64_t> SnapshotsGone(const TableMetadata& before, const TableMetadata& after) {
  std::vector<int64_t> gone;
  for (const Snapshot& snapshot : before.snapshots) {
    if (after.FindSnapshot(snapshot.snapshot_id) == nullptr) gone.push_back(snapshot.snapshot_id);
  }
  return gone;
}

std::vector<std::string> RefsGone(const TableMetadata& before, const TableMetadata& after) {
  std::vector<std::string> gone;
  for (const auto& [name, ref] : before.refs) {
    if (!after.refs.contains(name)) gone.push_back(name);
  }
  return gone;
}

Result<ManifestWork> ManifestsOf(io::ObjectStore& store, const TableMetadata& table, int64_t snapshot_id) {
  const Snapshot* snapshot = table.FindSnapshot(snapshot_id);
  const Snapshot* parent =
      snapshot != nullptr && snapshot->parent_snapshot_id ? table.FindSnapshot(*snapshot->parent_snapshot_id) : nullptr;
  if (parent == nullptr) return Fail(ErrorCode::kNotFound, "the snapshot before has been expired meanwhile");
  K2I_ASSIGN_OR_RETURN(const auto before, iceberg::ListManifests(store, *parent));
  K2I_ASSIGN_OR_RETURN(const auto after, iceberg::ListManifests(store, *snapshot));
  std::set<std::string> old_paths, new_paths;
  for (const auto& manifest : before) old_paths.insert(manifest.manifest_path);
  for (const auto& manifest : after) new_paths.insert(manifest.manifest_path);
  ManifestWork work;
  for (const auto& manifest : before) {
    if (new_paths.contains(manifest.manifest_path)) continue;
    ++work.replaced;
    work.bytes_read += manifest.manifest_length;
  }
  for (const auto& manifest : after) {
    if (old_paths.contains(manifest.manifest_path)) {
      ++work.kept;
      continue;
    }
    ++work.created;
    work.bytes_written += manifest.manifest_length;
    work.entries += manifest.added_files_count + manifest.existing_files_count;
  }
  return work;
}

}  // namespace k2i::engines
