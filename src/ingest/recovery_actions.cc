// SPDX-License-Identifier: Apache-2.0
#include "ingest/recovery_actions.h"

#include "base/logging.h"

namespace k2i::ingest {

Status ResolveLeftovers(Flusher& flusher, txlog::Log& log, const txlog::RecoveryState& recovered,
                        const std::string& table_name, const iceberg::TableMetadata& table,
                        const progress::Progress& committed) {
  for (auto& leftover : PlanRecovery(recovered, table_name, table)) {
    log::Info("open_flush_of_an_earlier_process", {{"table", table_name},
                                                   {"flush_id", leftover.flush_id},
                                                   {"committed", leftover.committed},
                                                   {"files", leftover.files.size()}});
    if (leftover.committed) {
      K2I_RETURN_IF_ERROR(log.Append(txlog::CommitDone{leftover.flush_id, table_name, table.table_uuid,
                                                       leftover.snapshot_id, committed.Vector()}));
    } else {
      flusher.DeleteAfterNextCommit(std::move(leftover));
    }
  }
  return {};
}

}  // namespace k2i::ingest
