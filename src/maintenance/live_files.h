// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/scan.h"
#include "maintenance/compaction_plan.h"

namespace k2i::maintenance {

/// A question about a data file, answered from its manifest entry alone.
using FileTest = std::function<bool(const iceberg::DataFile&)>;

struct LiveFiles : iceberg::SnapshotFiles {
  std::vector<bool> wanted;  // one for each of `data`
};

/// PlanFiles, a manifest at a time, and which data files are `wanted`. Their column metrics, which take most of the
/// memory, are dropped but of those that `keeps_metrics`. As PlanFiles.
Result<LiveFiles> ReadLiveFiles(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                const iceberg::Snapshot& snapshot, const FileTest& wanted,
                                const FileTest& keeps_metrics);

/// `files.data` as the plan wants it, in the same order: which deletes may apply, and what cannot be rewritten.
/// Corruption as DeleteIndex::For.
Result<std::vector<PlannedFile>> DescribeFiles(const LiveFiles& files, const iceberg::DeleteIndex& deletes);

/// The delete files of `files` that apply to none of its data files once those in `removed` (keys) are gone; not those
/// that are in `removed` themselves.
Result<std::vector<iceberg::DataFile>> UnusedDeletes(const iceberg::SnapshotFiles& files,
                                                     const iceberg::DeleteIndex& deletes,
                                                     const std::set<std::string>& removed);

}  // namespace k2i::maintenance
