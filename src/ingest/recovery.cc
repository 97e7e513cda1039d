// SPDX-License-Identifier: Apache-2.0
#include "ingest/recovery.h"

#include <fmt/format.h>

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
    }
    plan.push_back(std::move(leftover));
  }
  return plan;
}

Status CheckLogAgrees(const txlog::RecoveryState& state, const std::string& table_name,
                      const iceberg::TableMetadata& table, bool has_boundary) {
  const auto logged = state.tables.find(table_name);
  if (has_boundary || logged == state.tables.end() || logged->second.table_uuid != table.table_uuid) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format(
          "the transaction log says that snapshot {} was committed to {}, but the table holds no offsets of this "
          "pipeline any more; starting from the beginning would double its rows. Restore the table, or "
          "remove the transaction log to read the topic from auto_offset_reset",
          logged->second.snapshot_id, table_name),
      Component::kCatalog);
}

}  // namespace k2i::ingest
