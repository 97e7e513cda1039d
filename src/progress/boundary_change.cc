// SPDX-License-Identifier: Apache-2.0
#include "progress/boundary_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace k2i::progress {
namespace {

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Component::kConfig);
}

std::string NameOf(const TopicPartition& partition) {
  return fmt::format("{}/{}", partition.topic, partition.partition.value);
}

std::string RowsOf(const iceberg::Snapshot& snapshot) {
  const auto rows = snapshot.summary.find("added-records");
  return rows == snapshot.summary.end() ? "0" : rows->second;
}

bool Differ(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

/// Topics of the cluster that the boundary does not hold for.
std::set<std::string> StrangeTopics(const std::optional<Progress>& boundary, const kafka::ClusterInfo& cluster) {
  std::set<std::string> strange;
  for (const auto& [name, id] : cluster.topic_ids) {
    if (!boundary || Differ(boundary->cluster_id, cluster.cluster_id)) {
      strange.insert(name);
      continue;
    }
    const auto topic = boundary->topics.find(name);
    if (topic != boundary->topics.end() && Differ(topic->second.topic_id, id)) strange.insert(name);
  }
  return strange;
}

/// Where a partition goes on; nullopt: it is left out of the vector, so that auto_offset_reset decides.
Result<std::optional<Offset>> NextOf(const TopicPartition& partition, const OffsetRange& log,
                                     const std::optional<Progress>& boundary, const Adoption& adoption) {
  if (const auto said = adoption.offsets.find(partition); said != adoption.offsets.end()) return said->second;
  if (!adoption.from) {
    return Refuse(
        fmt::format("it is not said where {} goes on: give --from earliest, latest or keep, or --partition {} "
                    "--offset N",
                    NameOf(partition), NameOf(partition)));
  }
  switch (*adoption.from) {
    case AdoptFrom::kEarliest:
      return log.begin;
    case AdoptFrom::kLatest:
      return log.end;
    case AdoptFrom::kKeep:
      break;
  }
  if (!boundary) return Refuse("there is no boundary to keep: give --from earliest or latest, or offsets");
  return boundary->Next(partition);
}

}  // namespace

Result<BoundaryChange> PlanRollBack(const iceberg::TableMetadata& table, std::string_view pipeline,
                                    std::string_view branch, int64_t target) {
  const auto ancestry = Ancestry(table, branch);
  const auto found = std::ranges::find(ancestry, target, [](const auto* snapshot) { return snapshot->snapshot_id; });
  if (found == ancestry.end()) {
    return Refuse(fmt::format("snapshot {} is not in the history of branch {}", target, branch));
  }
  if (found == ancestry.begin()) return Refuse(fmt::format("branch {} stands at snapshot {} already", branch, target));
  BoundaryChange change;
  change.branch_to = target;
  for (auto it = ancestry.begin(); it != found; ++it) {
    const auto owner = (*it)->summary.find(std::string(kPipelineKey));
    const bool ours = owner != (*it)->summary.end() && owner->second == pipeline;
    change.effects.push_back(fmt::format("snapshot {} leaves the table: {} rows{}", (*it)->snapshot_id, RowsOf(**it),
                                         ours ? ", which are read again" : " that are not of this pipeline"));
  }
  iceberg::TableMetadata back = table;
  back.refs[std::string(branch)].snapshot_id = target;
  back.refs.erase(TagName(pipeline));
  back.properties.erase(PropertyName(pipeline));
  K2I_ASSIGN_OR_RETURN(const auto boundary, FindBoundary(back, pipeline, branch));
  if (!boundary) {
    return Refuse(fmt::format("nothing of pipeline '{}' is at or before snapshot {}: there would be no boundary",
                              pipeline, target));
  }
  change.tag_to = boundary->snapshot_id;
  change.next = boundary->progress;
  return change;
}

Result<BoundaryChange> PlanMove(const Progress& boundary, const TopicPartition& partition, Offset to,
                                const MoveConsent& consent) {
  const auto from = boundary.Next(partition);
  if (!from) return Refuse(NameOf(partition) + " is not in the boundary");
  if (to.value < 0) return Refuse("an offset is not negative");
  if (*from == to) return Refuse(fmt::format("{} stands at {} already", NameOf(partition), to.value));
  if (to < *from && !consent.duplicates) {
    return Refuse(
        fmt::format("the rows of {} from offset {} to {} are in the table and would come again: say "
                    "--allow-duplicates, or take rows out by --to-snapshot",
                    NameOf(partition), to.value, from->value));
  }
  if (to > *from && !consent.gap) {
    return Refuse(fmt::format("the records of {} from offset {} to {} would never be read: say --allow-gap",
                              NameOf(partition), from->value, to.value));
  }
  BoundaryChange change;
  change.next = boundary;
  change.next.Set(partition, to);
  change.moved[partition] = {*from, to};
  change.effects.push_back(
      to < *from ? fmt::format("{}: offsets {} to {} are read again, beside the rows that are there", NameOf(partition),
                               to.value, from->value)
                 : fmt::format("{}: offsets {} to {} are left out", NameOf(partition), from->value, to.value));
  return change;
}

Result<std::optional<BoundaryChange>> PlanAdoption(const std::optional<Progress>& boundary,
                                                   const kafka::ClusterInfo& cluster, const OffsetRanges& logs,
                                                   const Adoption& adoption) {
  const auto strange = StrangeTopics(boundary, cluster);
  if (strange.empty()) return std::nullopt;
  BoundaryChange change;
  change.left = boundary.value_or(Progress{});
  // Offsets of another cluster mean nothing here, whatever the topic.
  if (boundary && !Differ(boundary->cluster_id, cluster.cluster_id)) change.next = *boundary;
  change.next.cluster_id = cluster.cluster_id;
  for (const std::string& topic : strange) change.next.topics[topic] = {cluster.topic_ids.at(topic), {}};
  for (const auto& [partition, log] : logs) {
    if (!strange.contains(partition.topic)) continue;
    K2I_ASSIGN_OR_RETURN(const auto next, NextOf(partition, log, boundary, adoption));
    if (next) change.next.Set(partition, *next);
    const auto before = boundary ? boundary->Next(partition) : std::nullopt;
    change.effects.push_back(fmt::format("{}: {} → {}", NameOf(partition),
                                         before ? std::to_string(before->value) : "nothing",
                                         next ? std::to_string(next->value) : "auto_offset_reset"));
  }
  for (const auto& [partition, offset] : adoption.offsets) {
    if (!logs.contains(partition)) return Refuse(NameOf(partition) + " is not a partition that Kafka has");
    if (offset.value < 0) return Refuse("an offset is not negative");
  }
  return change;
}

std::optional<BoundaryChange> PlanReset(const std::optional<Boundary>& boundary) {
  if (!boundary || boundary->progress.Vector().empty()) return std::nullopt;
  BoundaryChange change;
  change.left = boundary->progress;
  for (const auto& [partition, next] : boundary->progress.Vector()) {
    change.effects.push_back(fmt::format("{}: {} → auto_offset_reset", NameOf(partition), next.value));
  }
  return change;
}

}  // namespace k2i::progress
