// SPDX-License-Identifier: Apache-2.0
// Snapshots, the branches and tags that point to them, and the log of what main has been.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "iceberg/update/metadata_builder.h"

namespace k2i::iceberg {
namespace {

constexpr std::string_view kMain = "main";

std::unexpected<Error> Illegal(std::string message) { return Fail(ErrorCode::kInvalidArgument, std::move(message)); }

Status CheckNewSnapshot(const Snapshot& snapshot, const TableMetadata& metadata) {
  if (metadata.FindSnapshot(snapshot.snapshot_id) != nullptr) {
    return Illegal(fmt::format("snapshot {} is there already", snapshot.snapshot_id));
  }
  if (snapshot.parent_snapshot_id && metadata.FindSnapshot(*snapshot.parent_snapshot_id) == nullptr) {
    return Illegal(fmt::format("snapshot {}: its parent {} is not in the table", snapshot.snapshot_id,
                               *snapshot.parent_snapshot_id));
  }
  if (metadata.format_version >= 2 && snapshot.sequence_number <= metadata.last_sequence_number) {
    return Illegal(fmt::format("snapshot {}: its sequence number {} is not above the table's last, {}",
                               snapshot.snapshot_id, snapshot.sequence_number, metadata.last_sequence_number));
  }
  if (snapshot.schema_id && metadata.FindSchema(*snapshot.schema_id) == nullptr) {
    return Illegal(fmt::format("snapshot {}: there is no schema {}", snapshot.snapshot_id, *snapshot.schema_id));
  }
  if (snapshot.manifest_list.empty() || !snapshot.summary.contains("operation")) {
    return Illegal(fmt::format("snapshot {} lacks a manifest list or an operation", snapshot.snapshot_id));
  }
  return {};
}

/// Row ids are given out once and for all (spec: "Row Lineage").
Status CheckRowIds(const Snapshot& snapshot, int64_t next_row_id) {
  if (!snapshot.first_row_id || !snapshot.added_rows || *snapshot.added_rows < 0) {
    return Illegal(fmt::format("snapshot {} lacks first-row-id or added-rows, which format version 3 needs",
                               snapshot.snapshot_id));
  }
  if (*snapshot.first_row_id < next_row_id) {
    return Illegal(fmt::format("snapshot {}: first-row-id {} is below the table's next-row-id {}", snapshot.snapshot_id,
                               *snapshot.first_row_id, next_row_id));
  }
  return {};
}

Status CheckRef(const std::string& name, const SnapshotRef& ref) {
  const bool tag = ref.kind == SnapshotRef::Kind::kTag;
  if (tag && name == kMain) return Illegal("main cannot be a tag");
  if (tag && (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms)) {
    return Illegal(fmt::format("tag {}: a tag holds one snapshot and takes no retention of snapshots", name));
  }
  if (ref.min_snapshots_to_keep.value_or(1) <= 0 || ref.max_snapshot_age_ms.value_or(1) <= 0 ||
      ref.max_ref_age_ms.value_or(1) <= 0) {
    return Illegal(fmt::format("ref {}: retention must be positive", name));
  }
  return {};
}

/// Drops the entries of `json`, a list of statistics files, that belong to snapshots which `keep` denies.
template <typename Keep>
std::string FilterStatistics(const std::string& text, Keep keep) {
  const nlohmann::json all = nlohmann::json::parse(text, nullptr, false);
  if (!all.is_array()) return text;
  auto kept = nlohmann::json::array();
  for (const auto& file : all) {
    const auto id = file.is_object() ? file.find("snapshot-id") : file.end();
    const bool known = id != file.end() && id->is_number_integer();
    if (!known || keep(id->template get<int64_t>())) kept.push_back(file);
  }
  return kept.dump();
}

}  // namespace

Status MetadataBuilder::operator()(const update::AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  K2I_RETURN_IF_ERROR(CheckNewSnapshot(snapshot, metadata_));
  if (metadata_.format_version >= 3) {
    K2I_RETURN_IF_ERROR(CheckRowIds(snapshot, metadata_.next_row_id));
    metadata_.next_row_id = *snapshot.first_row_id + *snapshot.added_rows;
  }
  if (metadata_.format_version >= 2) metadata_.last_sequence_number = snapshot.sequence_number;
  metadata_.last_updated_ms = std::max(metadata_.last_updated_ms, snapshot.timestamp_ms);
  metadata_.snapshots.push_back(snapshot);
  added_snapshots_.insert(snapshot.snapshot_id);
  return {};
}

Status MetadataBuilder::operator()(const update::SetSnapshotRef& update) {
  const Snapshot* snapshot = metadata_.FindSnapshot(update.ref.snapshot_id);
  if (snapshot == nullptr) {
    return Illegal(fmt::format("ref {}: snapshot {} is not in the table", update.name, update.ref.snapshot_id));
  }
  K2I_RETURN_IF_ERROR(CheckRef(update.name, update.ref));
  metadata_.refs[update.name] = update.ref;
  if (update.name != kMain || metadata_.current_snapshot_id == update.ref.snapshot_id) return {};
  metadata_.current_snapshot_id = update.ref.snapshot_id;
  const bool added = added_snapshots_.contains(update.ref.snapshot_id);
  int64_t timestamp_ms = added ? snapshot->timestamp_ms : metadata_.last_updated_ms;
  // Readers refuse a log that goes back in time, whatever the writers' clocks say.
  if (!metadata_.snapshot_log.empty()) {
    timestamp_ms = std::max(timestamp_ms, metadata_.snapshot_log.back().timestamp_ms);
  }
  metadata_.snapshot_log.push_back({timestamp_ms, update.ref.snapshot_id});
  return {};
}

Status MetadataBuilder::operator()(const update::RemoveSnapshots& update) {
  const std::set<int64_t> removed(update.snapshot_ids.begin(), update.snapshot_ids.end());
  const auto keep = [&](int64_t snapshot_id) { return !removed.contains(snapshot_id); };
  erase_if(metadata_.snapshots, [&](const Snapshot& snapshot) { return !keep(snapshot.snapshot_id); });
  std::erase_if(metadata_.refs, [&](const auto& ref) { return !keep(ref.second.snapshot_id); });
  if (metadata_.current_snapshot_id && !keep(*metadata_.current_snapshot_id)) metadata_.current_snapshot_id.reset();
  for (const char* key : {"statistics", "partition-statistics"}) {
    const auto files = metadata_.other.find(key);
    if (files != metadata_.other.end()) files->second = FilterStatistics(files->second, keep);
  }
  removed_snapshots_ = true;
  return {};
}

Status MetadataBuilder::operator()(const update::RemoveSnapshotRef& update) {
  metadata_.refs.erase(update.name);
  if (update.name == kMain) metadata_.current_snapshot_id.reset();
  return {};
}

/// Drops entries of snapshots that main only passed through within this set of updates; and, since a log with a hole
/// would tell time travel wrong things, all entries before one whose snapshot has been removed.
void MetadataBuilder::CleanSnapshotLog() {
  erase_if(metadata_.snapshot_log, [&](const SnapshotLogEntry& entry) {
    return added_snapshots_.contains(entry.snapshot_id) && entry.snapshot_id != metadata_.current_snapshot_id;
  });
  if (!removed_snapshots_) return;
  std::unordered_set<int64_t> known;
  for (const Snapshot& snapshot : metadata_.snapshots) known.insert(snapshot.snapshot_id);
  size_t gone = metadata_.snapshot_log.size();
  while (gone > 0 && known.contains(metadata_.snapshot_log[gone - 1].snapshot_id)) --gone;
  metadata_.snapshot_log.EraseFront(gone);
}

}  // namespace k2i::iceberg
