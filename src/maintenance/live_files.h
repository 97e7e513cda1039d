// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/scan.h"
#include "maintenance/compaction_plan.h"

namespace k2i::maintenance {

/// PlanFiles, a manifest at a time and without the column metrics of data files, which take most of the memory and are
/// taken from the rows anew. As PlanFiles.
Result<iceberg::SnapshotFiles> ReadLiveFiles(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                             const iceberg::Snapshot& snapshot);

/// `files.data` as the plan wants it, in the same order: which deletes may apply, and what cannot be rewritten.
/// Corruption as DeleteIndex::For.
Result<std::vector<PlannedFile>> DescribeFiles(const iceberg::SnapshotFiles& files,
                                               const iceberg::DeleteIndex& deletes);

/// The delete files of `files` that apply to none of its data files once those in `removed` (locations) are gone; not
/// those that are in `removed` themselves. REQUIRES: a table of v2, where a location is one delete file.
Result<std::vector<iceberg::DataFile>> UnusedDeletes(const iceberg::SnapshotFiles& files,
                                                     const iceberg::DeleteIndex& deletes,
                                                     const std::set<std::string>& removed);

}  // namespace k2i::maintenance
