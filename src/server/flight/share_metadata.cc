// SPDX-License-Identifier: Apache-2.0
#include "server/flight/share_metadata.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::server::flight {
namespace {

using nlohmann::json;

std::unexpected<Error> Bad(const std::string& what) { return Fail(ErrorCode::kCorruption, "k2i.share: " + what); }

const json& Member(const json& object, const char* name) {
  static const json none;
  const auto it = object.find(name);
  return it == object.end() ? none : *it;
}

}  // namespace

Result<std::vector<TopicPartition>> PartitionsFromJson(const json& topics, const std::string& what) {
  const auto bad = [&] { return Fail(ErrorCode::kCorruption, what + R"( is to be as {"topic":[0,1]})"); };
  std::vector<TopicPartition> partitions;
  if (topics.is_null()) return partitions;
  if (!topics.is_object()) return bad();
  for (const auto& [topic, numbers] : topics.items()) {
    if (!numbers.is_array()) return bad();
    for (const json& number : numbers) {
      const bool fits = IsInt64(number) && number >= 0 && number <= std::numeric_limits<int32_t>::max();
      if (!fits) return bad();
      partitions.push_back({topic, PartitionId{number.get<int32_t>()}});
    }
  }
  return partitions;
}

json ToJson(const std::vector<TopicPartition>& partitions) {
  json out = json::object();
  for (const auto& partition : partitions) out[partition.topic].push_back(partition.partition.value);
  return out;
}

std::string ToJson(const query::Share& share) {
  OffsetRanges ranges;
  json counts = json::object();
  for (const auto& [partition, rows] : share.rows) {
    ranges[partition] = rows.range;
    counts[partition.topic][std::to_string(partition.partition.value)] = rows.row_count;
  }
  return json{
      {"table_uuid", share.table_uuid}, {"schema_id", share.schema_id}, {"committed", k2i::ToJson(share.committed)},
      {"ranges", k2i::ToJson(ranges)},  {"rows", std::move(counts)},    {"not_held", ToJson(share.not_held)}}
      .dump();
}

Result<query::Share> ParseShare(std::string_view text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Bad("not a JSON object");
  query::Share share;
  const json& uuid = Member(object, "table_uuid");
  const json& schema_id = Member(object, "schema_id");
  if (!uuid.is_string() || !IsInt64(schema_id)) return Bad("'table_uuid' or 'schema_id' is not there");
  share.table_uuid = uuid.get<std::string>();
  share.schema_id = schema_id.get<int32_t>();
  K2I_ASSIGN_OR_RETURN(share.committed, OffsetsFromJson(Member(object, "committed")));
  K2I_ASSIGN_OR_RETURN(const OffsetRanges ranges, RangesFromJson(Member(object, "ranges")));
  // Counts by partition have the shape of offsets.
  K2I_ASSIGN_OR_RETURN(const OffsetVector counts, OffsetsFromJson(Member(object, "rows")));
  for (const auto& [partition, range] : ranges) {
    const auto count = counts.find(partition);
    if (count == counts.end()) return Bad("a range without a count");
    share.rows[partition] = {range, count->second.value};
  }
  if (counts.size() != ranges.size()) return Bad("a count without a range");
  K2I_ASSIGN_OR_RETURN(share.not_held, PartitionsFromJson(Member(object, "not_held"), "k2i.share: 'not_held'"));
  return share;
}

}  // namespace k2i::server::flight
