// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "iceberg/scan/scan.h"
#include "maintenance/compaction_plan.h"

namespace k2i::maintenance {

/// PlanFiles, a manifest at a time and without the column metrics of data files, which take most of the memory and are
/// taken from the rows anew. As PlanFiles.
Result<iceberg::SnapshotFiles> ReadLiveFiles(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                             const iceberg::Snapshot& snapshot);

/// `files.data` as the plan wants it, in the same order: which deletes may apply, and what cannot be rewritten.
std::vector<PlannedFile> DescribeFiles(const iceberg::TableMetadata& table, const iceberg::SnapshotFiles& files);

}  // namespace k2i::maintenance
