// SPDX-License-Identifier: Apache-2.0
#include "ingest/committed_table.h"

#include <utility>

#include "progress/progress.h"

namespace k2i::ingest {

Result<buffer::CommittedTable> ReadCommitted(std::shared_ptr<const iceberg::TableMetadata> table,
                                             const std::string& pipeline, const std::string& branch) {
  K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(*table, pipeline, branch));
  buffer::CommittedTable committed;
  if (const auto* head = table->FindRef(branch)) committed.snapshot_id = head->snapshot_id;
  if (boundary) committed.offsets = boundary->progress.Vector();
  committed.table = std::move(table);
  return committed;
}

}  // namespace k2i::ingest
