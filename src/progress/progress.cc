// SPDX-License-Identifier: Apache-2.0
#include "progress/progress.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/offset_json.h"

namespace k2i::progress {
namespace {

using nlohmann::json;

constexpr int kProgressVersion = 1;

Result<json> ParseObject(std::string_view text, std::string_view what) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return Fail(ErrorCode::kCorruption, fmt::format("{} is not a JSON object", what));
  return parsed;
}

Result<TopicProgress> ParseTopic(const std::string& name, const json& value) {
  const auto next = value.is_object() ? value.find("next") : value.end();
  if (!value.is_object() || next == value.end()) {
    return Fail(ErrorCode::kCorruption, fmt::format("{} has no offsets for topic '{}'", kOffsetsKey, name));
  }
  TopicProgress topic;
  if (const auto id = value.find("id"); id != value.end() && id->is_string()) topic.topic_id = id->get<std::string>();
  K2I_ASSIGN_OR_RETURN(const OffsetVector offsets, OffsetsFromJson(json{{name, *next}}));
  for (const auto& [partition, offset] : offsets) topic.next[partition.partition.value] = offset.value;
  return topic;
}

/// The statement in `snapshot`, if it is one of `pipeline`.
Result<std::optional<Boundary>> StatementOf(const iceberg::Snapshot& snapshot, std::string_view pipeline,
                                            Boundary::Origin origin) {
  const auto owner = snapshot.summary.find(std::string(kPipelineKey));
  const auto offsets = snapshot.summary.find(std::string(kOffsetsKey));
  if (owner == snapshot.summary.end() || owner->second != pipeline || offsets == snapshot.summary.end()) {
    return std::nullopt;
  }
  auto progress = ParseProgress(offsets->second);
  if (!progress) return std::unexpected(progress.error().With(fmt::format("snapshot {}", snapshot.snapshot_id)));
  return Boundary{std::move(*progress), snapshot.snapshot_id, origin};
}

}  // namespace

std::optional<Offset> Progress::Next(const TopicPartition& partition) const {
  const auto topic = topics.find(partition.topic);
  if (topic == topics.end()) return std::nullopt;
  const auto next = topic->second.next.find(partition.partition.value);
  if (next == topic->second.next.end()) return std::nullopt;
  return Offset{next->second};
}

void Progress::Set(const TopicPartition& partition, Offset next) {
  topics[partition.topic].next[partition.partition.value] = next.value;
}

OffsetVector Progress::Vector() const {
  OffsetVector vector;
  for (const auto& [name, topic] : topics) {
    for (const auto& [partition, next] : topic.next) vector[{name, PartitionId{partition}}] = Offset{next};
  }
  return vector;
}

std::string ProgressJson(const Progress& progress) {
  json topics = json::object();
  for (const auto& [name, topic] : progress.topics) {
    json next = json::object();
    for (const auto& [partition, offset] : topic.next) next[std::to_string(partition)] = offset;
    topics[name] = {{"id", topic.topic_id}, {"next", std::move(next)}};
  }
  return json{{"v", kProgressVersion}, {"cluster", progress.cluster_id}, {"topics", std::move(topics)}}.dump();
}

Result<Progress> ParseProgress(std::string_view text) {
  K2I_ASSIGN_OR_RETURN(const json parsed, ParseObject(text, kOffsetsKey));
  if (parsed.value("v", json()) != kProgressVersion) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("{} is not of version {}; a newer K2I wrote it?", kOffsetsKey, kProgressVersion));
  }
  const auto topics = parsed.find("topics");
  if (topics == parsed.end() || !topics->is_object()) {
    return Fail(ErrorCode::kCorruption, fmt::format("{} has no topics", kOffsetsKey));
  }
  Progress progress;
  if (const auto id = parsed.find("cluster"); id != parsed.end() && id->is_string()) progress.cluster_id = *id;
  for (const auto& [name, value] : topics->items()) {
    K2I_ASSIGN_OR_RETURN(progress.topics[name], ParseTopic(name, value));
  }
  return progress;
}

std::string RangesJson(const OffsetRanges& ranges) { return ToJson(ranges).dump(); }

Result<OffsetRanges> ParseRanges(std::string_view text) {
  K2I_ASSIGN_OR_RETURN(const json parsed, ParseObject(text, kRangesKey));
  return RangesFromJson(parsed);
}

std::string TagName(std::string_view pipeline) { return fmt::format("k2i-{}", pipeline); }
std::string PropertyName(std::string_view pipeline) { return fmt::format("k2i.{}.offsets", pipeline); }

std::vector<std::string> PipelinesOf(const iceberg::TableMetadata& table, std::string_view branch) {
  constexpr std::string_view kTagPrefix = "k2i-", kPropertyPrefix = "k2i.", kPropertySuffix = ".offsets";
  std::vector<std::string> found;
  const auto add = [&](std::string name) {
    if (!name.empty() && std::ranges::find(found, name) == found.end()) found.push_back(std::move(name));
  };
  for (const iceberg::Snapshot* snapshot : Ancestry(table, branch)) {
    const auto owner = snapshot->summary.find(std::string(kPipelineKey));
    if (owner != snapshot->summary.end()) add(owner->second);
  }
  for (const auto& [name, ref] : table.refs) {
    const bool tag = ref.kind == iceberg::SnapshotRef::Kind::kTag;
    if (tag && name.starts_with(kTagPrefix)) add(name.substr(kTagPrefix.size()));
  }
  for (const auto& [name, value] : table.properties) {
    const size_t affixes = kPropertyPrefix.size() + kPropertySuffix.size();
    if (name.size() <= affixes || !name.starts_with(kPropertyPrefix) || !name.ends_with(kPropertySuffix)) continue;
    add(name.substr(kPropertyPrefix.size(), name.size() - affixes));
  }
  return found;
}

std::vector<const iceberg::Snapshot*> Ancestry(const iceberg::TableMetadata& table, std::string_view branch) {
  const auto ref = table.refs.find(std::string(branch));
  return ref == table.refs.end() ? std::vector<const iceberg::Snapshot*>{} : Ancestry(table, ref->second.snapshot_id);
}

std::vector<const iceberg::Snapshot*> Ancestry(const iceberg::TableMetadata& table, int64_t head) {
  const iceberg::SnapshotList& snapshots = table.snapshots;
  std::vector<const iceberg::Snapshot*> ancestry;
  std::vector<bool> seen(snapshots.size());
  size_t at = snapshots.PositionOf(head, snapshots.size());
  while (at < snapshots.size() && !seen[at]) {
    seen[at] = true;
    ancestry.push_back(&snapshots[at]);
    if (!snapshots[at].parent_snapshot_id) break;
    at = snapshots.PositionOf(*snapshots[at].parent_snapshot_id, at);
  }
  return ancestry;
}

Result<std::optional<Boundary>> FindBoundary(const iceberg::TableMetadata& table, std::string_view pipeline,
                                             std::string_view branch) {
  for (const iceberg::Snapshot* snapshot : Ancestry(table, branch)) {
    K2I_ASSIGN_OR_RETURN(auto boundary, StatementOf(*snapshot, pipeline, Boundary::Origin::kAncestry));
    if (!boundary) continue;
    if (snapshot == table.FindRef(TagName(pipeline))) boundary->origin = Boundary::Origin::kTag;
    return boundary;
  }
  // The branch's own statements have been expired, but for the one that the tag keeps.
  if (const auto* tagged = table.FindRef(TagName(pipeline))) {
    K2I_ASSIGN_OR_RETURN(auto boundary, StatementOf(*tagged, pipeline, Boundary::Origin::kTag));
    if (boundary) return boundary;
  }
  const auto property = table.properties.find(PropertyName(pipeline));
  if (property == table.properties.end()) return std::nullopt;
  auto progress = ParseProgress(property->second);
  if (!progress) return std::unexpected(progress.error().With("table property " + property->first));
  return Boundary{std::move(*progress), std::nullopt, Boundary::Origin::kProperty};
}

Status CheckIdentity(const Progress& boundary, const kafka::ClusterInfo& cluster) {
  if (!boundary.cluster_id.empty() && !cluster.cluster_id.empty() && boundary.cluster_id != cluster.cluster_id) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format(
            "the table's offsets belong to Kafka cluster '{}', but this is cluster '{}'; if it took the other's "
            "place, say where to go on with `k2i offsets adopt --from earliest` (or latest, or keep), else "
            "write to another table",
            boundary.cluster_id, cluster.cluster_id),
        Component::kKafka);
  }
  for (const auto& [name, topic] : boundary.topics) {
    const auto found = cluster.topic_ids.find(name);
    if (found == cluster.topic_ids.end() || found->second.empty() || topic.topic_id.empty()) continue;
    if (found->second != topic.topic_id) {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format(
              "topic '{}' has been re-created: the table's offsets belong to topic id {}, the broker has {}; "
              "to read the new topic from its start run `k2i offsets adopt --from earliest` (or latest, or keep)",
              name, topic.topic_id, found->second),
          Component::kKafka);
    }
  }
  return {};
}

RangeComparison CompareRanges(const OffsetRanges& ranges, const Progress& boundary) {
  RangeComparison comparison;
  for (const auto& [partition, range] : ranges) {
    const auto next = boundary.Next(partition);
    if (!next || *next == range.begin) continue;
    (*next > range.begin ? comparison.ahead : comparison.behind)[partition] = *next;
  }
  return comparison;
}

OffsetRanges DropBelow(const OffsetRanges& ranges, const OffsetVector& boundary) {
  OffsetRanges kept;
  for (const auto& [partition, range] : ranges) {
    OffsetRange rest = range;
    if (const auto it = boundary.find(partition); it != boundary.end()) rest.begin = std::max(rest.begin, it->second);
    if (!rest.empty()) kept[partition] = rest;
  }
  return kept;
}

Progress Advance(const Progress& boundary, const OffsetRanges& ranges, const kafka::ClusterInfo& cluster) {
  Progress progress = boundary;
  progress.cluster_id = cluster.cluster_id;
  for (const auto& [partition, range] : ranges) progress.Set(partition, range.end);
  for (auto& [name, topic] : progress.topics) {
    if (const auto it = cluster.topic_ids.find(name); it != cluster.topic_ids.end()) topic.topic_id = it->second;
  }
  return progress;
}

}  // namespace k2i::progress
