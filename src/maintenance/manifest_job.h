// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "iceberg/update/rewrite_manifests.h"
#include "io/object_store.h"
#include "maintenance/replace_commit.h"

namespace k2i::maintenance {

struct ManifestOptions {
  int64_t target_bytes = 0;  // 0: the table's commit.manifest.target-size-bytes, else 8 MB
  bool dry_run = false;
  /// Nobody asked for it now: then the table's commit.manifest-merge.enabled and commit.manifest.min-count-to-merge say
  /// whether manifests are merged.
  bool automatic = false;
  std::function<void(int64_t merged, int64_t of)> on_progress = {};  // manifests; may be empty
  ReplaceOptions replace;
};

struct ManifestReport {
  int64_t target_bytes = 0;
  iceberg::RewriteManifests::Counts counts;  // what was done, or would be
  std::optional<int64_t> snapshot_id;        // none: nothing was committed
  int64_t conflicts = 0;
};

/// Merges the small manifests of a branch, in one commit. Errors of catalog and store; NotSupported for v1; Cancelled,
/// CommitConflict and CommitStateUnknown as ReplaceCommit.
Result<ManifestReport> RewriteTableManifests(ReplaceCommit::Parts parts, io::ObjectStore& store,
                                             const iceberg::TableIdentifier& table, const ManifestOptions& options,
                                             std::stop_token stop);

}  // namespace k2i::maintenance
