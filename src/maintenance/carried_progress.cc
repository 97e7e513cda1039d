// SPDX-License-Identifier: Apache-2.0
#include "maintenance/carried_progress.h"

#include <algorithm>
#include <limits>
#include <set>

#include "progress/declaration.h"

namespace k2i::maintenance {
namespace {

using iceberg::Snapshot;
using iceberg::SnapshotRef;
using iceberg::TableMetadata;

bool Holds(const TableMetadata& table, const std::string& branch, int64_t snapshot_id) {
  return std::ranges::any_of(progress::Ancestry(table, branch),
                             [&](const Snapshot* each) { return each->snapshot_id == snapshot_id; });
}

/// True where the pipeline's tag is in another branch, and not in this one; for others than main: in another at all,
/// for a branch shares the history it was made from.
bool WritesAnotherBranch(const TableMetadata& table, const std::string& branch, const std::string& pipeline) {
  const auto tag = table.refs.find(progress::TagName(pipeline));
  if (tag == table.refs.end()) return false;
  if (branch == "main" && Holds(table, branch, tag->second.snapshot_id)) return false;
  return std::ranges::any_of(table.refs, [&](const auto& ref) {
    return ref.second.kind == SnapshotRef::Kind::kBranch && ref.first != branch &&
           Holds(table, ref.first, tag->second.snapshot_id);
  });
}

CarriedProgress Carry(const TableMetadata& table, const std::string& pipeline, const progress::Boundary& boundary,
                      const std::string& version) {
  const std::string vector = progress::ProgressJson(boundary.progress);
  CarriedProgress carried{
      .pipeline = pipeline,
      .summary = {{std::string(progress::kPipelineKey), pipeline},
                  {std::string(progress::kOffsetsKey), vector},
                  {std::string(progress::kRangesKey), "{}"},
                  {std::string(progress::kVersionKey), version}},
      .tag = {.kind = SnapshotRef::Kind::kTag, .max_ref_age_ms = std::numeric_limits<int64_t>::max()},
      .property = {}};
  const Snapshot* stated = boundary.snapshot_id ? table.FindSnapshot(*boundary.snapshot_id) : nullptr;
  if (stated != nullptr) {
    const auto watermark = stated->summary.find(std::string(progress::kWatermarkKey));
    if (watermark != stated->summary.end()) carried.summary.insert(*watermark);
  }
  const auto tag = table.refs.find(progress::TagName(pipeline));
  if (tag != table.refs.end()) carried.tag = tag->second;
  if (table.properties.contains(progress::PropertyName(pipeline))) carried.property = vector;
  return carried;
}

}  // namespace

std::vector<iceberg::TableUpdate> CarriedProgress::Updates(int64_t snapshot_id) const {
  SnapshotRef moved = tag;
  moved.snapshot_id = snapshot_id;
  std::vector<iceberg::TableUpdate> updates{iceberg::update::SetSnapshotRef{progress::TagName(pipeline), moved}};
  if (property) updates.push_back(iceberg::update::SetProperties{{{progress::PropertyName(pipeline), *property}}});
  return updates;
}

Result<std::optional<CarriedProgress>> FindCarriedProgress(const TableMetadata& table, const std::string& branch,
                                                           const std::string& version) {
  for (const std::string& pipeline : progress::PipelinesOf(table, branch)) {
    if (WritesAnotherBranch(table, branch, pipeline)) continue;
    K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(table, pipeline, branch));
    if (boundary) return Carry(table, pipeline, *boundary, version);
  }
  return std::nullopt;
}

Result<std::vector<int64_t>> AdoptionBarriers(const TableMetadata& table, const std::string& branch) {
  std::set<int64_t> barriers;
  for (const std::string& pipeline : progress::PipelinesOf(table, branch)) {
    K2I_ASSIGN_OR_RETURN(const auto declared, progress::ReadDeclarations(table, pipeline, branch));
    for (const auto& each : declared) {
      if (each.adopted) barriers.insert(each.sequence_number);
    }
  }
  return std::vector<int64_t>(barriers.begin(), barriers.end());
}

}  // namespace k2i::maintenance
