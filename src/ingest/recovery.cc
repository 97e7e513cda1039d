// SPDX-License-Identifier: Apache-2.0
#include "ingest/recovery.h"

#include <fmt/format.h>

#include "progress/progress.h"

namespace k2i::ingest {

std::vector<LeftoverFlush> PlanRecovery(const txlog::RecoveryState& state, const std::string& table_name,
                                        const iceberg::TableMetadata& table) {
  std::vector<LeftoverFlush> plan;
  for (const auto& [flush_id, flush] : state.flushes) {
    if (flush.table != table_name) continue;
    LeftoverFlush leftover{.flush_id = flush_id};
    if (flush.intent && flush.intent->table_uuid == table.table_uuid &&
        table.FindSnapshot(flush.intent->snapshot_id) != nullptr) {
      leftover.committed = true;
      leftover.snapshot_id = flush.intent->snapshot_id;
    } else {
      leftover.files = flush.started;
      leftover.sent = flush.intent.has_value();
      if (leftover.sent) leftover.base = flush.intent->base_snapshot_id;
    }
    plan.push_back(std::move(leftover));
  }
  return plan;
}

bool MayHaveLanded(const iceberg::TableMetadata& table, const std::string& branch, std::optional<int64_t> since,
                   const std::string& flush_id) {
  const auto* snapshot = table.FindRef(branch);
  // As many steps as there are snapshots: metadata with a cycle ends too.
  for (size_t steps = 0; snapshot != nullptr && steps <= table.snapshots.size(); ++steps) {
    if (since && snapshot->snapshot_id == *since) return false;
    const auto flush = snapshot->summary.find(std::string(progress::kFlushIdKey));
    if (flush != snapshot->summary.end() && flush->second == flush_id) return true;
    if (!snapshot->parent_snapshot_id) return since.has_value();
    snapshot = table.FindSnapshot(*snapshot->parent_snapshot_id);
  }
  return true;
}

Status CheckLogAgrees(const txlog::RecoveryState& state, const std::string& table_name,
                      const iceberg::TableMetadata& table, bool has_boundary) {
  const auto logged = state.tables.find(table_name);
  if (has_boundary || logged == state.tables.end() || logged->second.table_uuid != table.table_uuid) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format(
          "the transaction log says that snapshot {} was committed to {}, but the table holds no offsets of this "
          "pipeline any more; starting from the beginning would double its rows. Restore the table, or say where to go "
          "on with `k2i offsets adopt --from earliest` (or latest, or --partition topic/0 --offset N)",
          logged->second.snapshot_id, table_name),
      Component::kCatalog);
}

Status CheckSameTable(const txlog::RecoveryState& state, const std::string& table_name,
                      const iceberg::TableMetadata& table, bool has_boundary) {
  const auto logged = state.tables.find(table_name);
  if (has_boundary || logged == state.tables.end() || logged->second.table_uuid == table.table_uuid) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("table {} is not the one that the transaction log has committed to: its uuid is {}, that was {}. "
                  "If it has been re-created, say where the new one begins with `k2i offsets adopt --from "
                  "earliest` (or latest, or --partition topic/0 --offset N)",
                  table_name, table.table_uuid, logged->second.table_uuid),
      Component::kCatalog);
}

}  // namespace k2i::ingest
