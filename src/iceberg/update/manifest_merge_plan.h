// SPDX-License-Identifier: Apache-2.0
//
// Which manifests of a snapshot are worth merging. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {

/// Manifests of one spec and kind that become fewer.
struct ManifestMerge {
  std::vector<size_t> sources;  // indexes
  size_t outputs = 0;           // fewer than sources
};

/// Manifests smaller than three quarters of `target_bytes` (table property commit.manifest.target-size-bytes) are
/// merged with others of their spec and kind, in the order of the list, as many at a time as `batch_bytes` of encoded
/// manifests; those without a live file are left out, for they go anyway. A second run over the result finds less and
/// less, and soon nothing.
std::vector<ManifestMerge> PlanManifestMerges(const std::vector<ManifestFile>& manifests, int64_t target_bytes,
                                              int64_t batch_bytes);

}  // namespace k2i::iceberg
