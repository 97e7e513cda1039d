// SPDX-License-Identifier: Apache-2.0
//
// progress: what a snapshot says of Kafka (summary keys k2i.offsets and k2i.ranges, design.md §4), how the newest such
// statement, the boundary, is found in a table, and how the ranges of a commit join it. Pure: everything that writes a
// table of K2I's or checks one stands on it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "iceberg/model/table_metadata.h"
#include "kafka/cluster_info.h"

namespace k2i::progress {

inline constexpr std::string_view kPipelineKey = "k2i.pipeline";
inline constexpr std::string_view kOffsetsKey = "k2i.offsets";
inline constexpr std::string_view kRangesKey = "k2i.ranges";
inline constexpr std::string_view kWatermarkKey = "k2i.watermark-ms";
inline constexpr std::string_view kFlushIdKey = "k2i.flush-id";
/// Number of dead letters that a snapshot brought in after all; such a snapshot has no ranges.
inline constexpr std::string_view kReplayKey = "k2i.replay";
/// Rows that delete files had deleted, and that the files of a compaction of ours do not have any more.
inline constexpr std::string_view kRowsDeletedKey = "k2i.rows-deleted";
inline constexpr std::string_view kVersionKey = "k2i.version";

struct TopicProgress {
  std::string topic_id;  // KIP-516 UUID; empty where the broker did not say
  std::map<int32_t, int64_t> next;
  friend bool operator==(const TopicProgress&, const TopicProgress&) = default;
};

/// Next offset of every partition of one pipeline, with the identity of the cluster and topics they belong to.
struct Progress {
  std::string cluster_id;
  std::map<std::string, TopicProgress> topics;

  std::optional<Offset> Next(const TopicPartition& partition) const;
  void Set(const TopicPartition& partition, Offset next);
  OffsetVector Vector() const;
  friend bool operator==(const Progress&, const Progress&) = default;
};

/// {"v":1,"cluster":…,"topics":{"events":{"id":…,"next":{"0":123}}}}
std::string ProgressJson(const Progress& progress);
/// Corruption for anything that is not of version 1.
Result<Progress> ParseProgress(std::string_view json);
/// {"events":{"0":[100,123]}}, half-open.
std::string RangesJson(const OffsetRanges& ranges);
Result<OffsetRanges> ParseRanges(std::string_view json);

/// The tag that keeps a pipeline's newest snapshot alive, and the table property that mirrors its offsets.
std::string TagName(std::string_view pipeline);
std::string PropertyName(std::string_view pipeline);

/// The pipelines that have left something in the table: by the branch's snapshots newest first, then by tag and
/// property.
std::vector<std::string> PipelinesOf(const iceberg::TableMetadata& table, std::string_view branch);

struct Boundary {
  enum class Origin { kTag, kAncestry, kProperty };
  Progress progress;
  std::optional<int64_t> snapshot_id;  // none for kProperty
  Origin origin = Origin::kTag;
};

/// The snapshots of `branch` as far as they are kept, newest first; ends where a broken table goes round in circles.
std::vector<const iceberg::Snapshot*> Ancestry(const iceberg::TableMetadata& table, std::string_view branch);
/// … of the snapshot `head`.
std::vector<const iceberg::Snapshot*> Ancestry(const iceberg::TableMetadata& table, int64_t head);

/// The newest statement of `pipeline` in `table`: by its tag, else by the ancestry of `branch` (past the snapshots of
/// others), else by the property; nullopt when there is none. The tag does not count where the ancestry has a statement
/// and not the tagged snapshot before it: others have rolled the branch back or moved the tag, and what the branch
/// holds is what its own snapshots say. Corruption when a statement is there and cannot be read.
Result<std::optional<Boundary>> FindBoundary(const iceberg::TableMetadata& table, std::string_view pipeline,
                                             std::string_view branch);

/// InvalidArgument when the boundary was made from another cluster, or from a topic that has been re-created since: its
/// offsets mean nothing here.
Status CheckIdentity(const Progress& boundary, const kafka::ClusterInfo& cluster);

/// How the ranges of a commit join the boundary.
struct RangeComparison {
  /// Partitions whose boundary is past the range's begin: another owner has committed those rows. Holds the boundary.
  OffsetVector ahead;
  /// Partitions whose boundary is before the range's begin: the table has lost rows it once had (a roll-back).
  OffsetVector behind;
  bool joins() const { return ahead.empty() && behind.empty(); }
};
/// A partition without a boundary joins at any offset: it is new.
RangeComparison CompareRanges(const OffsetRanges& ranges, const Progress& boundary);

/// `ranges` without what lies below `boundary`; partitions left empty are dropped.
OffsetRanges DropBelow(const OffsetRanges& ranges, const OffsetVector& boundary);

/// The whole vector after a commit of `ranges` on top of `boundary`: carried forward where this commit does not touch.
Progress Advance(const Progress& boundary, const OffsetRanges& ranges, const kafka::ClusterInfo& cluster);

}  // namespace k2i::progress
