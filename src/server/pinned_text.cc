// SPDX-License-Identifier: Apache-2.0
#include "server/pinned_text.h"

#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::server {
namespace {

using nlohmann::ordered_json;

std::string AsciiText(const ordered_json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, ordered_json::error_handler_t::replace);
}

ordered_json SnapshotJson(const query::Pinned& pinned) {
  return pinned.snapshot_id ? ordered_json(*pinned.snapshot_id) : ordered_json(nullptr);
}

}  // namespace

ordered_json PinnedJson(const query::Pinned& pinned) {
  ordered_json json{
      {"table", pinned.table}, {"snapshot_id", SnapshotJson(pinned)}, {"offsets", k2i::ToJson(pinned.offsets)}};
  for (const TopicPartition& partition : pinned.missing) {
    json["missing"][partition.topic].push_back(partition.partition.value);
  }
  for (const query::PeerFailure& failure : pinned.failed_peers) {
    json["failed_peers"].push_back({{"peer", failure.peer}, {"reason", failure.reason}});
  }
  return json;
}

PinnedTexts MakePinnedTexts(const std::vector<query::Pinned>& pinned) {
  ordered_json tables = ordered_json::array();
  for (const query::Pinned& table : pinned) tables.push_back(PinnedJson(table));
  PinnedTexts texts{.snapshot_id = "null", .offsets = "{}", .tables = AsciiText(tables)};
  if (tables.size() == 1) {
    texts.snapshot_id = AsciiText(tables[0]["snapshot_id"]);
    texts.offsets = AsciiText(tables[0]["offsets"]);
  }
  return texts;
}

}  // namespace k2i::server
