// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

template <typename T>
void Put(nlohmann::json& json, const char* key, const std::optional<T>& value) {
  if (value.has_value()) json[key] = *value;
}

}  // namespace

nlohmann::json SnapshotToJson(const Snapshot& snapshot) {
  nlohmann::json json = {{"snapshot-id", snapshot.snapshot_id},
                         {"timestamp-ms", snapshot.timestamp_ms},
                         {"manifest-list", snapshot.manifest_list}};
  Put(json, "parent-snapshot-id", snapshot.parent_snapshot_id);
  if (snapshot.sequence_number > 0) json["sequence-number"] = snapshot.sequence_number;  // v1 has none
  if (!snapshot.summary.empty()) json["summary"] = snapshot.summary;
  Put(json, "schema-id", snapshot.schema_id);
  Put(json, "first-row-id", snapshot.first_row_id);
  Put(json, "added-rows", snapshot.added_rows);
  Put(json, "key-id", snapshot.key_id);
  PutMembers(snapshot.other, json);
  return json;
}

Result<Snapshot> SnapshotFromJson(const JsonView& json) {
  Snapshot snapshot;
  K2I_ASSIGN_OR_RETURN(snapshot.snapshot_id, json.Get<int64_t>("snapshot-id"));
  K2I_ASSIGN_OR_RETURN(snapshot.parent_snapshot_id, json.GetOptional<int64_t>("parent-snapshot-id"));
  K2I_ASSIGN_OR_RETURN(const auto sequence_number, json.GetOptional<int64_t>("sequence-number"));
  snapshot.sequence_number = sequence_number.value_or(0);
  K2I_ASSIGN_OR_RETURN(snapshot.timestamp_ms, json.Get<int64_t>("timestamp-ms"));
  if (json.Find("manifests").has_value() && !json.Find("manifest-list").has_value()) {
    return Fail(ErrorCode::kNotSupported, json.path() + ": a v1 snapshot that lists its manifests without a list file");
  }
  K2I_ASSIGN_OR_RETURN(snapshot.manifest_list, json.Get<std::string>("manifest-list"));
  if (const auto summary = json.Find("summary")) {
    K2I_ASSIGN_OR_RETURN(snapshot.summary, summary->StringMap());
  }
  K2I_ASSIGN_OR_RETURN(snapshot.schema_id, json.GetOptional<int32_t>("schema-id"));
  K2I_ASSIGN_OR_RETURN(snapshot.first_row_id, json.GetOptional<int64_t>("first-row-id"));
  K2I_ASSIGN_OR_RETURN(snapshot.added_rows, json.GetOptional<int64_t>("added-rows"));
  K2I_ASSIGN_OR_RETURN(snapshot.key_id, json.GetOptional<std::string>("key-id"));
  snapshot.other =
      MembersBeyond(json, {"snapshot-id", "parent-snapshot-id", "sequence-number", "timestamp-ms", "manifest-list",
                           "summary", "schema-id", "first-row-id", "added-rows", "key-id"});
  return snapshot;
}

nlohmann::json SnapshotLogEntryToJson(const SnapshotLogEntry& entry) {
  nlohmann::json json = {{"timestamp-ms", entry.timestamp_ms}, {"snapshot-id", entry.snapshot_id}};
  PutMembers(entry.other, json);
  return json;
}

Result<SnapshotLogEntry> SnapshotLogEntryFromJson(const JsonView& json) {
  SnapshotLogEntry entry;
  K2I_ASSIGN_OR_RETURN(entry.timestamp_ms, json.Get<int64_t>("timestamp-ms"));
  K2I_ASSIGN_OR_RETURN(entry.snapshot_id, json.Get<int64_t>("snapshot-id"));
  entry.other = MembersBeyond(json, {"timestamp-ms", "snapshot-id"});
  return entry;
}

nlohmann::json SnapshotRefToJson(const SnapshotRef& ref) {
  nlohmann::json json = {{"snapshot-id", ref.snapshot_id},
                         {"type", ref.kind == SnapshotRef::Kind::kBranch ? "branch" : "tag"}};
  Put(json, "min-snapshots-to-keep", ref.min_snapshots_to_keep);
  Put(json, "max-snapshot-age-ms", ref.max_snapshot_age_ms);
  Put(json, "max-ref-age-ms", ref.max_ref_age_ms);
  PutMembers(ref.other, json);
  return json;
}

Result<SnapshotRef> SnapshotRefFromJson(const JsonView& json) {
  SnapshotRef ref;
  K2I_ASSIGN_OR_RETURN(ref.snapshot_id, json.Get<int64_t>("snapshot-id"));
  K2I_ASSIGN_OR_RETURN(const std::string kind, json.Get<std::string>("type"));
  if (kind != "branch" && kind != "tag") return json.Malformed("type is neither branch nor tag");
  ref.kind = kind == "branch" ? SnapshotRef::Kind::kBranch : SnapshotRef::Kind::kTag;
  K2I_ASSIGN_OR_RETURN(ref.min_snapshots_to_keep, json.GetOptional<int32_t>("min-snapshots-to-keep"));
  K2I_ASSIGN_OR_RETURN(ref.max_snapshot_age_ms, json.GetOptional<int64_t>("max-snapshot-age-ms"));
  K2I_ASSIGN_OR_RETURN(ref.max_ref_age_ms, json.GetOptional<int64_t>("max-ref-age-ms"));
  ref.other =
      MembersBeyond(json, {"snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"});
  return ref;
}

}  // namespace k2i::iceberg
