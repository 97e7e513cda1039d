// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "iceberg/scan/scan.h"
#include "maintenance/compaction_plan.h"

namespace k2i::maintenance {

/// `files.data` as the plan wants it, in the same order: which deletes may apply, and what cannot be rewritten.
std::vector<PlannedFile> DescribeFiles(const iceberg::TableMetadata& table, const iceberg::SnapshotFiles& files);

}  // namespace k2i::maintenance
