// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/consent.h"
#include "cli/table_command.h"
#include "cli/version.h"
#include "ingest/boundary_commit.h"
#include "ingest/table_opening.h"
#include "progress/lease.h"

namespace k2i::cli {
namespace {

using progress::Boundary;

constexpr std::string_view kLogPrefix = "txlog-";

/// What is left of the pipeline once its offsets are forgotten: the tag, the mirror of the offsets, and leases that are
/// nobody else's. What it has declared stays, for `k2i verify` to know why offsets come again.
Status DropState(TableDesk& desk, const iceberg::TableIdentifier& table) {
  const std::string& pipeline = desk.config.kafka.group_id;
  K2I_ASSIGN_OR_RETURN(const auto loaded, desk.parts.catalog->LoadTable(table));
  const auto& metadata = *loaded.metadata;
  std::vector<iceberg::TableUpdate> updates;
  if (const std::string tag = progress::TagName(pipeline); metadata.refs.contains(tag)) {
    updates.push_back(iceberg::update::RemoveSnapshotRef{tag});
  }
  iceberg::update::RemoveProperties properties;
  if (const std::string mirror = progress::PropertyName(pipeline); metadata.properties.contains(mirror)) {
    properties.removals.push_back(mirror);
  }
  const auto pipelines = progress::PipelinesOf(metadata, desk.config.iceberg.branch);
  const bool alone = std::ranges::all_of(pipelines, [&](const std::string& each) { return each == pipeline; });
  for (const auto& [key, value] : metadata.properties) {
    if (alone && key.starts_with(progress::kLeasePrefix)) properties.removals.push_back(key);
  }
  if (!properties.removals.empty()) updates.push_back(std::move(properties));
  if (updates.empty()) return {};
  K2I_RETURN_IF_ERROR(desk.parts.catalog->CommitTable(loaded,
                                                      {iceberg::requirement::AssertTableUuid{metadata.table_uuid}},
                                                      updates, desk.random.TimeOrderedUuid(desk.clock.wall_ms())));
  return {};
}

Status ForgetOffsets(TableDesk& desk, const iceberg::TableIdentifier& table) {
  ingest::BoundaryCommit commit({*desk.parts.catalog, *desk.parts.store, desk.clock, desk.random},
                                {.pipeline = desk.config.kafka.group_id,
                                 .branch = desk.config.iceberg.branch,
                                 .version = kVersion,
                                 .property_mirror = desk.config.iceberg.property_mirror});
  K2I_RETURN_IF_ERROR(commit.Run(table, [](const iceberg::TableMetadata&, const std::optional<Boundary>& boundary) {
    return Result<std::optional<progress::BoundaryChange>>(progress::PlanReset(boundary));
  }));
  return DropState(desk, table);
}

/// The pipeline's table and that of its dead letters, as far as they are there.
Result<std::vector<iceberg::LoadedTable>> TablesOf(TableDesk& desk) {
  std::vector<iceberg::LoadedTable> tables;
  for (const auto& identifier : {desk.table, MakePipelineOptions(desk.config).stream.dead_letters}) {
    K2I_ASSIGN_OR_RETURN(auto found, ingest::FindTable(*desk.parts.catalog, {.identifier = identifier}));
    if (found) tables.push_back(*std::move(found));
  }
  if (!tables.empty()) return tables;
  return Fail(ErrorCode::kNotFound, "there is no table " + desk.table.ToString(), Component::kCatalog);
}

Status Announce(const TableDesk& desk, const iceberg::LoadedTable& table) {
  const std::string& pipeline = desk.config.kafka.group_id;
  K2I_ASSIGN_OR_RETURN(const auto boundary,
                       progress::FindBoundary(*table.metadata, pipeline, desk.config.iceberg.branch));
  std::printf("table %s, pipeline %s\n", table.identifier.ToString().c_str(), pipeline.c_str());
  const auto change = progress::PlanReset(boundary);
  if (!change) std::printf("  holds no offsets\n");
  if (!change) return {};
  for (const std::string& effect : change->effects) std::printf("  %s\n", effect.c_str());
  return {};
}

Status DeleteLog(txlog::PosixLogStorage& log) {
  K2I_ASSIGN_OR_RETURN(const auto names, log.List());
  for (const std::string& name : names) {
    if (name.starts_with(kLogPrefix)) K2I_RETURN_IF_ERROR(log.Remove(name));
  }
  return {};
}

}  // namespace

Status ResetTable(TableDesk& desk) {
  K2I_ASSIGN_OR_RETURN(const auto tables, TablesOf(desk));
  std::unique_ptr<txlog::PosixLogStorage> log;
  if (!desk.flags.dry_run) {
    K2I_ASSIGN_OR_RETURN(log, LockLog(desk.config));
  }
  for (const auto& table : tables) K2I_RETURN_IF_ERROR(Announce(desk, table));
  std::printf(
      "the transaction log in %s is deleted; no row is touched\n"
      "the next start begins where kafka.auto_offset_reset says, so that records which Kafka still holds may come "
      "again beside the rows that are there\n",
      desk.config.transaction_log.log_dir.c_str());
  if (desk.flags.dry_run) {
    std::printf("nothing has been changed (--dry-run)\n");
    return {};
  }
  K2I_RETURN_IF_ERROR(Confirm(desk.flags.yes));
  for (const auto& table : tables) K2I_RETURN_IF_ERROR(ForgetOffsets(desk, table.identifier));
  if (log != nullptr) K2I_RETURN_IF_ERROR(DeleteLog(*log));
  std::printf("done\n");
  return {};
}

}  // namespace k2i::cli
