// SPDX-License-Identifier: Apache-2.0
#include "base/offset_json.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

namespace k2i {
namespace {

using nlohmann::json;

Result<PartitionId> ParsePartition(const std::string& text) {
  int32_t partition = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partition);
  if (error != std::errc() || end != text.data() + text.size() || partition < 0) {
    return Fail(ErrorCode::kCorruption, fmt::format("'{}' is not a partition number", text));
  }
  return PartitionId{partition};
}

/// Calls `take(partition, value)` for each member of {"topic":{"0":value}}.
template <typename Take>
Status ForEachPartition(const json& topics, Take take) {
  if (!topics.is_object()) return Fail(ErrorCode::kCorruption, "offsets by topic are not a JSON object");
  for (const auto& [topic, partitions] : topics.items()) {
    if (!partitions.is_object()) return Fail(ErrorCode::kCorruption, fmt::format("topic '{}' is not an object", topic));
    for (const auto& [text, value] : partitions.items()) {
      K2I_ASSIGN_OR_RETURN(const PartitionId partition, ParsePartition(text));
      if (!take(TopicPartition{topic, partition}, value)) {
        return Fail(ErrorCode::kCorruption, fmt::format("bad offset of {}/{}", topic, text));
      }
    }
  }
  return {};
}

}  // namespace

bool IsInt64(const json& value) {
  constexpr auto kHighest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= kHighest);
}

json ToJson(const OffsetRanges& ranges) {
  json out = json::object();
  for (const auto& [partition, range] : ranges) {
    out[partition.topic][std::to_string(partition.partition.value)] = {range.begin.value, range.end.value};
  }
  return out;
}

json ToJson(const OffsetVector& offsets) {
  json out = json::object();
  for (const auto& [partition, offset] : offsets) {
    out[partition.topic][std::to_string(partition.partition.value)] = offset.value;
  }
  return out;
}

Result<OffsetRanges> RangesFromJson(const json& topics) {
  OffsetRanges ranges;
  K2I_RETURN_IF_ERROR(ForEachPartition(topics, [&](TopicPartition partition, const json& value) {
    if (!value.is_array() || value.size() != 2) return false;
    if (!IsInt64(value[0]) || !IsInt64(value[1])) return false;
    ranges[std::move(partition)] = {Offset{value[0].get<int64_t>()}, Offset{value[1].get<int64_t>()}};
    return true;
  }));
  return ranges;
}

Result<OffsetVector> OffsetsFromJson(const json& topics) {
  OffsetVector offsets;
  K2I_RETURN_IF_ERROR(ForEachPartition(topics, [&](TopicPartition partition, const json& value) {
    if (!IsInt64(value)) return false;
    offsets[std::move(partition)] = Offset{value.get<int64_t>()};
    return true;
  }));
  return offsets;
}

}  // namespace k2i
