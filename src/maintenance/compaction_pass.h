// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "maintenance/compaction.h"
#include "maintenance/live_files.h"

namespace k2i::maintenance {

/// One plan and the table it was made on.
struct CompactionPass {
  iceberg::LoadedTable table;
  const iceberg::Snapshot* head = nullptr;
  LiveFiles files;
  iceberg::DeleteIndex deletes;
  std::set<std::string> removed;  // keys, by the commits of this pass
  CompactionPolicy policy;
  CompactionPlan plan;

  const iceberg::TableMetadata& metadata() const { return *table.metadata; }
  /// A group's files, and what may be deleted of each. Corruption as DeleteIndex::For.
  Result<std::vector<RewriterInput>> FilesOf(const CompactionGroup& group) const;
};

/// Reads the live files of `pass.head` and plans; `pass` has its table and head. `files_removed`: by the passes before,
/// which count against the most that may be. As ReadLiveFiles; errors of the options' filter;
/// Corruption for a boundary that cannot be read.
Status PlanPass(io::ObjectStore& store, const CompactionOptions& options, int64_t files_removed, CompactionPass& pass);

/// What was found and is to be done.
void DescribePlan(const CompactionPass& pass, CompactionReport& report);

}  // namespace k2i::maintenance
