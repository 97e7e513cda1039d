// SPDX-License-Identifier: Apache-2.0
#include "cli/offsets_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace k2i::cli {
namespace {

using nlohmann::ordered_json;
using progress::Boundary;

const char* OriginName(Boundary::Origin origin) {
  switch (origin) {
    case Boundary::Origin::kTag:
      return "tag";
    case Boundary::Origin::kAncestry:
      return "ancestry";
    case Boundary::Origin::kProperty:
      return "property";
  }
  return "tag";
}

/// One partition, as the table and Kafka see it.
struct Line {
  TopicPartition partition;
  std::optional<Offset> next;
  std::optional<OffsetRange> log;
  std::optional<int64_t> lag() const {
    if (!next || !log) return std::nullopt;
    return std::max<int64_t>(0, log->end.value - next->value);
  }
  /// Kafka no longer holds the boundary, or not yet.
  bool gone() const { return next && log && (*next < log->begin || *next > log->end); }
};

std::vector<Line> Lines(const OffsetsView& view) {
  std::set<TopicPartition> partitions;
  const OffsetVector next = view.boundary ? view.boundary->progress.Vector() : OffsetVector{};
  const OffsetRanges logs = view.kafka ? view.kafka->logs : OffsetRanges{};
  for (const auto& [partition, offset] : next) partitions.insert(partition);
  for (const auto& [partition, log] : logs) partitions.insert(partition);
  std::vector<Line> lines;
  for (const auto& partition : partitions) {
    Line& line = lines.emplace_back(partition);
    if (const auto found = next.find(partition); found != next.end()) line.next = found->second;
    if (const auto found = logs.find(partition); found != logs.end()) line.log = found->second;
  }
  return lines;
}

template <typename T>
std::string Dash(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "-";
}

std::optional<int64_t> Value(const std::optional<Offset>& offset) {
  return offset ? std::optional(offset->value) : std::nullopt;
}

ordered_json OrNull(const std::optional<int64_t>& value) { return value ? ordered_json(*value) : ordered_json(); }

}  // namespace

std::string OffsetsText(const OffsetsView& view) {
  std::string text = fmt::format("table {}, branch {}, pipeline {}\n", view.table, view.branch, view.pipeline);
  if (view.boundary) {
    const auto& found = *view.boundary;
    text += fmt::format("boundary by {}{}, Kafka cluster {}\n", OriginName(found.origin),
                        found.snapshot_id ? fmt::format(", snapshot {}", *found.snapshot_id) : "",
                        found.progress.cluster_id.empty() ? "unknown" : found.progress.cluster_id);
    for (const auto& [name, topic] : found.progress.topics) {
      text += fmt::format("topic {} of id {}\n", name, topic.topic_id.empty() ? "unknown" : topic.topic_id);
    }
  } else {
    text += "no boundary: the table holds no offsets of this pipeline\n";
  }
  if (!view.kafka_error.empty()) text += "Kafka: " + view.kafka_error + "\n";
  text += fmt::format("\n{:<32} {:>9} {:>14} {:>14} {:>14} {:>12}\n", "topic", "partition", "next", "log start",
                      "log end", "lag");
  for (const Line& line : Lines(view)) {
    const auto begin = line.log ? std::optional(line.log->begin.value) : std::nullopt;
    const auto end = line.log ? std::optional(line.log->end.value) : std::nullopt;
    text += fmt::format("{:<32} {:>9} {:>14} {:>14} {:>14} {:>12}{}\n", line.partition.topic,
                        line.partition.partition.value, Dash(Value(line.next)), Dash(begin), Dash(end),
                        Dash(line.lag()), line.gone() ? "  gone from Kafka" : "");
  }
  if (!view.identity_error.empty()) text += "\n✗ " + view.identity_error + "\n";
  if (view.kafka && view.boundary && view.identity_error.empty()) text += "\n✓ cluster and topics are still the same\n";
  return text;
}

std::string OffsetsJson(const OffsetsView& view) {
  ordered_json json{{"table", view.table}, {"branch", view.branch}, {"pipeline", view.pipeline}};
  json["boundary"] = nullptr;
  if (view.boundary) {
    ordered_json topics = ordered_json::object();
    for (const auto& [name, topic] : view.boundary->progress.topics) topics[name] = topic.topic_id;
    json["boundary"] = {{"origin", OriginName(view.boundary->origin)},
                        {"snapshot_id", OrNull(view.boundary->snapshot_id)},
                        {"cluster_id", view.boundary->progress.cluster_id},
                        {"topic_ids", std::move(topics)}};
  }
  json["kafka"] = nullptr;
  if (view.kafka) {
    json["kafka"] = {{"cluster_id", view.kafka->cluster.cluster_id}, {"topic_ids", view.kafka->cluster.topic_ids}};
  }
  json["kafka_error"] = view.kafka_error.empty() ? ordered_json() : ordered_json(view.kafka_error);
  json["identity_error"] = view.identity_error.empty() ? ordered_json() : ordered_json(view.identity_error);
  json["partitions"] = ordered_json::array();
  for (const Line& line : Lines(view)) {
    json["partitions"].push_back({{"topic", line.partition.topic},
                                  {"partition", line.partition.partition.value},
                                  {"next", OrNull(Value(line.next))},
                                  {"log_start", line.log ? ordered_json(line.log->begin.value) : ordered_json()},
                                  {"log_end", line.log ? ordered_json(line.log->end.value) : ordered_json()},
                                  {"lag", OrNull(line.lag())}});
  }
  return json.dump(2) + "\n";
}

}  // namespace k2i::cli
