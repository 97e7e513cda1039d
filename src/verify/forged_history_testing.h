// SPDX-License-Identifier: Apache-2.0
//
// Histories as tests want them: snapshots that say what they are told to say.
#pragma once

#include <string>
#include <utility>

#include "progress/declaration.h"
#include "verify/history.h"

namespace k2i::verify {

inline const TopicPartition kEvents0{"events", PartitionId{0}};
inline const TopicPartition kEvents1{"events", PartitionId{1}};

inline OffsetRange Range(int64_t begin, int64_t end) { return {Offset{begin}, Offset{end}}; }

inline progress::Progress Vector(int64_t next0, int64_t next1, const std::string& cluster = "c",
                                 const std::string& topic_id = "t") {
  progress::Progress progress{cluster, {{"events", {topic_id, {}}}}};
  progress.Set(kEvents0, Offset{next0});
  progress.Set(kEvents1, Offset{next1});
  return progress;
}

class ForgedTable {
 public:
  iceberg::TableMetadata metadata;

  iceberg::Snapshot& Ours(int64_t id, const progress::Progress& progress, const OffsetRanges& ranges,
                          const std::string& pipeline = "p") {
    auto& snapshot = Foreign(id, "append");
    snapshot.summary["k2i.pipeline"] = pipeline;
    snapshot.summary["k2i.offsets"] = progress::ProgressJson(progress);
    snapshot.summary["k2i.ranges"] = progress::RangesJson(ranges);
    return snapshot;
  }
  iceberg::Snapshot& Foreign(int64_t id, const std::string& operation) {
    iceberg::Snapshot snapshot;
    snapshot.snapshot_id = id;
    if (metadata.refs.contains("main")) snapshot.parent_snapshot_id = metadata.refs["main"].snapshot_id;
    snapshot.sequence_number = ++metadata.last_sequence_number;
    snapshot.summary = {{"operation", operation}};
    metadata.snapshots.push_back(std::move(snapshot));
    metadata.refs["main"].snapshot_id = id;
    return metadata.snapshots.Edit(metadata.snapshots.size() - 1);
  }
  void Tag(int64_t id) { metadata.refs["k2i-p"] = {.snapshot_id = id, .kind = iceberg::SnapshotRef::Kind::kTag}; }
  void Property(const progress::Progress& progress) {
    metadata.properties["k2i.p.offsets"] = progress::ProgressJson(progress);
  }

  /// "kind/snapshot" of every problem, in order.
  std::vector<std::string> Problems() const {
    Findings findings;
    const History history = ReadHistory(metadata, "p", "main", findings);
    CheckContinuity(history, findings);
    CheckRefs(metadata, "p", "main", /*property_mirror=*/true, history, findings);
    return Kinds(findings, Severity::kProblem);
  }
  static std::vector<std::string> Kinds(const Findings& findings, Severity severity) {
    std::vector<std::string> kinds;
    for (const Finding& finding : findings.Of(severity)) {
      kinds.push_back(finding.kind + (finding.snapshot_id ? "/" + std::to_string(*finding.snapshot_id) : "") +
                      (finding.partition ? "/" + std::to_string(finding.partition->partition.value) : ""));
    }
    return kinds;
  }
};

/// Three commits that join: 1 [0,10) and [0,5); 2 [10,20) of partition 0; 3 [5,9) of partition 1.
inline ForgedTable GoodTable() {
  ForgedTable table;
  table.Ours(1, Vector(10, 5), {{kEvents0, Range(0, 10)}, {kEvents1, Range(0, 5)}});
  table.Ours(2, Vector(20, 5), {{kEvents0, Range(10, 20)}});
  table.Ours(3, Vector(20, 9), {{kEvents1, Range(5, 9)}});
  table.Tag(3);
  table.Property(Vector(20, 9));
  return table;
}

}  // namespace k2i::verify
