// SPDX-License-Identifier: Apache-2.0
#include "server/flight/pin_metadata.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/offset_json.h"
#include "server/flight/share_metadata.h"

namespace k2i::server::flight {
namespace {

using nlohmann::json;

json ToJson(const query::Pinned& pinned) {
  json out = {{"table", pinned.table}, {"snapshot_id", nullptr}, {"offsets", k2i::ToJson(pinned.offsets)}};
  if (pinned.snapshot_id.has_value()) out["snapshot_id"] = *pinned.snapshot_id;
  for (const TopicPartition& partition : pinned.missing) {
    out["missing"][partition.topic].push_back(partition.partition.value);
  }
  for (const query::PeerFailure& failure : pinned.failed_peers) {
    out["failed_peers"].push_back({{"peer", failure.peer}, {"reason", failure.reason}});
  }
  return out;
}

std::string ToText(const std::vector<query::Pinned>& pinned) {
  json list = json::array();
  for (const query::Pinned& each : pinned) list.push_back(ToJson(each));
  return JsonText(list);
}

std::shared_ptr<arrow::KeyValueMetadata> MetadataOf(const arrow::Schema& schema) {
  return schema.HasMetadata() ? schema.metadata()->Copy() : arrow::key_value_metadata({}, {});
}

void SetSnapshot(const std::optional<int64_t>& snapshot_id, arrow::KeyValueMetadata& metadata) {
  if (snapshot_id.has_value()) metadata.Append(kSnapshotIdKey, std::to_string(*snapshot_id));
}

}  // namespace

std::shared_ptr<arrow::Schema> WithPins(const std::shared_ptr<arrow::Schema>& schema,
                                        const std::vector<query::Pinned>& pinned) {
  auto metadata = MetadataOf(*schema);
  metadata->Append(kPinnedKey, ToText(pinned));
  if (pinned.size() == 1) {
    SetSnapshot(pinned.front().snapshot_id, *metadata);
    metadata->Append(kOffsetsKey, k2i::ToJson(pinned.front().offsets).dump());
  }
  return schema->WithMetadata(metadata);
}

std::shared_ptr<arrow::Schema> WithTailPins(const std::shared_ptr<arrow::Schema>& schema, const query::TableInfo& table,
                                            const OffsetVector& from, const std::vector<query::Pinned>& pinned) {
  auto metadata = MetadataOf(*schema);
  metadata->Append(kPinnedKey, ToText(pinned));
  SetSnapshot(table.pinned.snapshot_id, *metadata);
  metadata->Append(kCommittedKey, k2i::ToJson(table.committed).dump());
  metadata->Append(kFromKey, k2i::ToJson(from).dump());
  if (pinned.size() == 1) metadata->Append(kOffsetsKey, k2i::ToJson(pinned.front().offsets).dump());
  if (pinned.size() == 1 && pinned.front().share) metadata->Append(kShareKey, ToJson(*pinned.front().share));
  return schema->WithMetadata(metadata);
}

}  // namespace k2i::server::flight
