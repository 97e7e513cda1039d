// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "iceberg/update/manifest_merge_plan.h"
#include "iceberg/update/rewrite.h"

namespace k2i::iceberg {

struct RewriteManifestsRequest {
  int64_t snapshot_id = 0;  // chosen beforehand, so that an unknown commit can be found again
  std::string branch = "main";
  std::string commit_uuid;
  int64_t target_bytes = int64_t{8} << 20;                           // commit.manifest.target-size-bytes
  std::map<std::string, std::string> summary;                        // added to Iceberg's own counters
  std::function<void(int64_t merged, int64_t of)> on_progress = {};  // manifests; may be empty
};

/// Small manifests merged, their entries ordered by partition; no data file comes or goes, and each entry keeps its
/// snapshot, sequence numbers and row ids. The operation is `replace`. Not thread-safe.
class RewriteManifests {
 public:
  /// What the last Prepare found.
  struct Counts {
    int64_t replaced = 0, created = 0, kept = 0;  // manifests
    int64_t entries = 0;                          // live files in those created
    int64_t bytes_read = 0, bytes_written = 0;
  };

  /// `store` must outlive this.
  RewriteManifests(io::ObjectStore& store, RewriteManifestsRequest request)
      : request_(std::move(request)), writer_(store, request_.snapshot_id, request_.commit_uuid), store_(store) {}

  /// On top of `base`'s branch; called again on a newer base, it plans anew and keeps what it has merged already.
  /// Without a snapshot: nothing is worth merging. Errors of the store; Corruption of a manifest; NotSupported for v1.
  Result<PreparedReplace> Prepare(const TableMetadata& base, int64_t now_ms);

  const Counts& counts() const { return counts_; }
  /// Locations written so far, for clean-up after a definite failure.
  const std::vector<std::string>& written() const { return writer_.written(); }
  /// As SnapshotWriter's.
  std::vector<std::string> Superseded(const Snapshot& committed) const { return writer_.Superseded(committed); }

 private:
  Result<std::vector<ManifestFile>> Merge(const TableMetadata& base, const std::vector<ManifestFile>& all,
                                          const ManifestMerge& merge);
  std::map<std::string, std::string> Summarize(const Snapshot* parent) const;

  RewriteManifestsRequest request_;
  SnapshotWriter writer_;
  io::ObjectStore& store_;
  std::map<std::vector<std::string>, std::vector<ManifestFile>> merged_;  // by the manifests they were merged from
  Counts counts_;
  int next_manifest_ = 0;
};

/// Of the branch's head: what a Prepare would merge. As Prepare.
Result<RewriteManifests::Counts> CountManifestMerges(io::ObjectStore& store, const TableMetadata& base,
                                                     const std::string& branch, int64_t target_bytes);

}  // namespace k2i::iceberg
