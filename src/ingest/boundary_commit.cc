// SPDX-License-Identifier: Apache-2.0
#include "ingest/boundary_commit.h"

#include <fmt/format.h>

#include <limits>

#include "iceberg/update/append.h"
#include "progress/declaration.h"

namespace k2i::ingest {
namespace {

using iceberg::SnapshotRef;

constexpr int kMostTries = 10;

std::optional<int64_t> HeadOf(const iceberg::TableMetadata& table, const std::string& branch) {
  const auto* head = table.FindRef(branch);
  return head == nullptr ? std::nullopt : std::optional(head->snapshot_id);
}

}  // namespace

Result<std::optional<int64_t>> BoundaryCommit::Run(const iceberg::TableIdentifier& table, const Plan& plan) {
  Error last;
  for (int tries = 0; tries < kMostTries; ++tries) {
    K2I_ASSIGN_OR_RETURN(const auto base, parts_.catalog.LoadTable(table));
    const auto& metadata = *base.metadata;
    K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(metadata, options_.pipeline, options_.branch));
    K2I_ASSIGN_OR_RETURN(const auto change, plan(metadata, boundary));
    if (!change) return std::nullopt;
    const int64_t snapshot_id = parts_.random.PositiveInt64();
    const int64_t head = change->branch_to.value_or(snapshot_id);
    K2I_ASSIGN_OR_RETURN(const auto updates, Updates(metadata, *change, snapshot_id));
    const auto committed = parts_.catalog.CommitTable(
        base,
        {iceberg::requirement::AssertTableUuid{metadata.table_uuid},
         iceberg::requirement::AssertRefSnapshotId{options_.branch, HeadOf(metadata, options_.branch)}},
        updates, parts_.random.TimeOrderedUuid(parts_.clock.wall_ms()));
    if (committed) return head;
    last = committed.error();
    if (last.code == ErrorCode::kCommitConflict) continue;
    if (last.code != ErrorCode::kCommitStateUnknown && last.code != ErrorCode::kTimeout) break;
    K2I_ASSIGN_OR_RETURN(const bool arrived, Arrived(table, head));
    if (arrived) return head;
    // It may still be on its way: only the user can tell when it is worth another try.
    last.code = ErrorCode::kCommitStateUnknown;
    break;
  }
  return std::unexpected(last.In(Component::kCatalog));
}

Result<bool> BoundaryCommit::Arrived(const iceberg::TableIdentifier& table, int64_t head) {
  K2I_ASSIGN_OR_RETURN(const auto now, parts_.catalog.LoadTable(table));
  return HeadOf(*now.metadata, options_.branch) == head;
}

Result<iceberg::Snapshot> BoundaryCommit::EmptySnapshot(const iceberg::TableMetadata& base,
                                                        const progress::BoundaryChange& change, int64_t snapshot_id) {
  std::map<std::string, std::string> summary{{std::string(progress::kPipelineKey), options_.pipeline},
                                             {std::string(progress::kOffsetsKey), progress::ProgressJson(change.next)},
                                             {std::string(progress::kRangesKey), "{}"},
                                             {std::string(progress::kVersionKey), options_.version}};
  if (!change.moved.empty()) summary[std::string(progress::kRewindKey)] = progress::RangesJson(change.moved);
  if (change.left) summary[std::string(progress::kAdoptKey)] = progress::ProgressJson(*change.left);
  iceberg::Append append(parts_.store, {.snapshot_id = snapshot_id,
                                        .branch = options_.branch,
                                        .commit_uuid = parts_.random.Uuid(),
                                        .files = {},
                                        .summary = std::move(summary)});
  return append.Prepare(base, parts_.clock.wall_ms());
}

Result<std::vector<iceberg::TableUpdate>> BoundaryCommit::Updates(const iceberg::TableMetadata& base,
                                                                  const progress::BoundaryChange& change,
                                                                  int64_t snapshot_id) {
  std::vector<iceberg::TableUpdate> updates;
  // Of snapshots that leave the branch, nothing is declared any more.
  K2I_ASSIGN_OR_RETURN(auto declared, progress::ReadDeclarations(base, options_.pipeline, options_.branch));
  const bool were_declared = !declared.empty();
  if (change.branch_to) {
    const auto* target = base.FindSnapshot(*change.branch_to);
    std::erase_if(declared, [&](const auto& each) { return each.sequence_number > target->sequence_number; });
  } else {
    K2I_ASSIGN_OR_RETURN(const auto snapshot, EmptySnapshot(base, change, snapshot_id));
    K2I_ASSIGN_OR_RETURN(const auto declaration, progress::DeclarationOf(snapshot));
    if (declaration) declared.push_back(*declaration);
    updates.push_back(iceberg::update::AddSnapshot{snapshot});
  }
  SnapshotRef branch;
  if (const auto it = base.refs.find(options_.branch); it != base.refs.end()) branch = it->second;
  branch.snapshot_id = change.branch_to.value_or(snapshot_id);
  const SnapshotRef tag{.snapshot_id = change.tag_to.value_or(snapshot_id),
                        .kind = SnapshotRef::Kind::kTag,
                        .max_ref_age_ms = std::numeric_limits<int64_t>::max()};
  updates.push_back(iceberg::update::SetSnapshotRef{options_.branch, branch});
  updates.push_back(iceberg::update::SetSnapshotRef{progress::TagName(options_.pipeline), tag});
  if (options_.property_mirror) {
    std::map<std::string, std::string> properties{
        {progress::PropertyName(options_.pipeline), progress::ProgressJson(change.next)}};
    if (were_declared || !declared.empty()) {
      properties[progress::DeclaredPropertyName(options_.pipeline)] = progress::DeclarationsJson(declared);
    }
    updates.push_back(iceberg::update::SetProperties{std::move(properties)});
  } else if (const auto name = progress::PropertyName(options_.pipeline); base.properties.contains(name)) {
    updates.push_back(iceberg::update::RemoveProperties{{name}});
  }
  return updates;
}

}  // namespace k2i::ingest
