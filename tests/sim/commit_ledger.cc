// SPDX-License-Identifier: Apache-2.0
#include "sim/commit_ledger.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace k2i::sim {
namespace {

using nlohmann::json;

OffsetVector VectorOf(const std::string& text) {
  OffsetVector vector;
  const json parsed = json::parse(text);
  for (const auto& [topic, value] : parsed.at("topics").items()) {
    for (const auto& [partition, next] : value.at("next").items()) {
      vector[{topic, PartitionId{std::stoi(partition)}}] = Offset{next.get<int64_t>()};
    }
  }
  return vector;
}

std::string Text(const OffsetVector& vector) {
  std::string text;
  for (const auto& [tp, next] : vector) text += fmt::format("{}/{}:{} ", tp.topic, tp.partition.value, next.value);
  return text;
}

}  // namespace

std::map<std::string, std::map<int, std::pair<int64_t, int64_t>>> RangesOf(const iceberg::Snapshot& snapshot) {
  std::map<std::string, std::map<int, std::pair<int64_t, int64_t>>> ranges;
  const auto text = snapshot.summary.find("k2i.ranges");
  if (text == snapshot.summary.end()) return ranges;
  const json parsed = json::parse(text->second);
  for (const auto& [topic, partitions] : parsed.items()) {
    for (const auto& [partition, range] : partitions.items()) {
      ranges[topic][std::stoi(partition)] = {range.at(0).get<int64_t>(), range.at(1).get<int64_t>()};
    }
  }
  return ranges;
}

void CommitLedger::OnChange(Duration now, const std::string& table, const iceberg::TableMetadata* before,
                            const iceberg::TableMetadata& after) {
  for (const auto& snapshot : after.snapshots) {
    if (before == nullptr || before->FindSnapshot(snapshot.snapshot_id) == nullptr) {
      OnSnapshot(now, table, before, after, snapshot);
    }
  }
  for (const auto& [name, ref] : after.refs) {
    if (after.FindSnapshot(ref.snapshot_id) == nullptr) {
      history_.Break(now, "ref-dangles", fmt::format("{}: ref {} points to no snapshot", table, name));
    }
  }
}

void CommitLedger::OnSnapshot(Duration now, const std::string& table, const iceberg::TableMetadata* before,
                              const iceberg::TableMetadata& after, const iceberg::Snapshot& snapshot) {
  const auto* head = before == nullptr ? nullptr : before->FindRef("main");
  const auto parent = head == nullptr ? std::nullopt : std::optional(head->snapshot_id);
  if (snapshot.parent_snapshot_id != parent) {
    history_.Break(now, "history-forked",
                   fmt::format("{}: snapshot {} is not on top of the branch", table, snapshot.snapshot_id));
  }
  const auto ranges = RangesOf(snapshot);
  // Foreign ones say nothing; those of maintenance carry the vector on.
  if (!snapshot.summary.contains("k2i.offsets")) return;
  OffsetVector& committed = tables_[table];
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      const TopicPartition tp{topic, PartitionId{partition}};
      const auto next = committed.find(tp);
      if (next != committed.end() && next->second.value != range.first) {
        history_.Break(
            now, next->second.value > range.first ? "ranges-overlap" : "ranges-gap",
            fmt::format("{}: snapshot {} adds {}/{} [{},{}), the boundary was {}", table, snapshot.snapshot_id, topic,
                        partition, range.first, range.second, next->second.value));
      }
      begins_[table].try_emplace(tp, Offset{range.first});
      committed[tp] = Offset{range.second};
    }
  }
  const OffsetVector said = VectorOf(snapshot.summary.at("k2i.offsets"));
  if (said != committed) {
    history_.Break(now, "vector-wrong",
                   fmt::format("{}: snapshot {} says {}but the commits make {}", table, snapshot.snapshot_id,
                               Text(said), Text(committed)));
  }
  const auto tag = after.refs.find("k2i-p");
  if (tag == after.refs.end() || tag->second.snapshot_id != snapshot.snapshot_id) {
    history_.Break(now, "tag-left-behind", fmt::format("{}: snapshot {} has not the tag", table, snapshot.snapshot_id));
  }
}

}  // namespace k2i::sim
