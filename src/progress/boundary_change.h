// SPDX-License-Identifier: Apache-2.0
//
// What a user may do to a boundary (k2i offsets rewind, adopt). Pure: plans, which a commit then carries out on the
// very base they were made for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "progress/declaration.h"
#include "progress/progress.h"

namespace k2i::progress {

/// A change of the boundary, as a commit without rows.
struct BoundaryChange {
  Progress next;  // the vector that holds from then on
  /// Where set, no snapshot is added: branch and tag go back to these, which are in the branch's history.
  std::optional<int64_t> branch_to;
  std::optional<int64_t> tag_to;
  OffsetRanges moved;                // kRewindKey
  std::optional<Progress> left;      // kAdoptKey: what was there before
  std::vector<std::string> effects;  // for people, a line each
};

/// Back to snapshot `target`, an ancestor of the branch's head: the rows committed since leave the table, and will be
/// read again. Also over snapshots of others, which are named in the effects. InvalidArgument when it is no ancestor,
/// is the head, or nothing of the pipeline is at or before it.
Result<BoundaryChange> PlanRollBack(const iceberg::TableMetadata& table, std::string_view pipeline,
                                    std::string_view branch, int64_t target);

struct MoveConsent {
  bool duplicates = false;  // rows that are in the table may come again
  bool gap = false;         // records may be left out
};
/// Moves one partition of `boundary`. InvalidArgument when it stands there already, is not in the boundary, or when the
/// consent it takes is missing.
Result<BoundaryChange> PlanMove(const Progress& boundary, const TopicPartition& partition, Offset to,
                                const MoveConsent& consent);

enum class AdoptFrom { kEarliest, kLatest, kKeep };
struct Adoption {
  std::optional<AdoptFrom> from;
  OffsetVector offsets;  // by hand; beat `from`
};
/// Takes over after the cluster or topics of `boundary` were made anew (nullopt: the boundary is missing). Topics that
/// are still the same keep their offsets. `logs`: what Kafka holds of each partition. nullopt: all fits, there is
/// nothing to adopt. InvalidArgument when it is not said where some partition goes on, or `keep` has nothing to keep.
Result<std::optional<BoundaryChange>> PlanAdoption(const std::optional<Progress>& boundary,
                                                   const kafka::ClusterInfo& cluster, const OffsetRanges& logs,
                                                   const Adoption& adoption);

/// Forgets every offset of `boundary`: partitions go on where auto_offset_reset says, rows that are in the table stay.
/// nullopt: there is nothing to forget.
std::optional<BoundaryChange> PlanReset(const std::optional<Boundary>& boundary);

}  // namespace k2i::progress
