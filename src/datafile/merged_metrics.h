// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "datafile/leaf_column.h"
#include "datafile/metrics_mode.h"
#include "iceberg/model/data_file.h"

namespace k2i::datafile {

/// The metrics of a file that holds the rows of `sources`, from theirs in the manifests: record_count, counts and
/// bounds; nothing else of the result is set. nullopt where one of them does not say what the modes want, so that only
/// the rows themselves can tell (but counts of NaN, which some writers never say, are then left out). `leaves` and
/// `modes` go together.
std::optional<iceberg::DataFile> MergeMetrics(const std::vector<const iceberg::DataFile*>& sources,
                                              const std::vector<LeafColumn>& leaves,
                                              const std::vector<MetricsMode>& modes);

}  // namespace k2i::datafile
