// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "iceberg/update/snapshot_writer.h"

namespace k2i::iceberg {

/// What PrepareAppend needs to know; the same for every base it is tried on.
struct AppendRequest {
  int64_t snapshot_id = 0;  // chosen beforehand, so that an unknown commit can be found again
  std::string branch = "main";
  std::string commit_uuid;                     // in the names of manifest and manifest list
  std::vector<DataFile> files;                 // all of one partition spec, whose id they carry
  std::map<std::string, std::string> summary;  // added to Iceberg's own counters
};

/// An append (Iceberg's "fast append": one new manifest, those of the parent kept as they are). Writes the manifest
/// once (its entries inherit sequence numbers, so it serves every base) and a manifest list for each base. Not
/// thread-safe.
class Append {
 public:
  /// `store` must outlive this.
  Append(io::ObjectStore& store, AppendRequest request)
      : store_(store), request_(std::move(request)), writer_(store, request_.snapshot_id, request_.commit_uuid) {}

  /// The snapshot on top of `base`'s branch, its manifest list written; a branch that is not there yet starts from the
  /// table's current snapshot, as Iceberg's Java library does it. Its time is `now_ms`, or the base's last update where
  /// clocks disagree. No files: a snapshot that only carries a summary.
  /// Errors of the store; Corruption of the parent's manifest list; InvalidArgument when the files are of no spec of
  /// `base`, of several, or do not fit it; NotSupported for tables of v1.
  Result<Snapshot> Prepare(const TableMetadata& base, int64_t now_ms);

  /// The manifest of the new files; nullptr until Prepare has written it, and where there are no files.
  const ManifestFile* manifest() const { return manifests_.empty() ? nullptr : &manifests_.front(); }
  /// Locations written so far, for clean-up after a definite failure.
  const std::vector<std::string>& written() const { return writer_.written(); }
  /// As SnapshotWriter's.
  std::vector<std::string> Superseded(const Snapshot& committed) const { return writer_.Superseded(committed); }

 private:
  Status WriteManifest(const TableMetadata& base);
  Result<std::vector<ManifestFile>> Manifests(const Snapshot* parent);
  std::map<std::string, std::string> Summarize(const Snapshot* parent) const;

  io::ObjectStore& store_;
  AppendRequest request_;
  SnapshotWriter writer_;
  std::vector<ManifestFile> manifests_;  // empty until written
  size_t changed_partitions_ = 0;        // known once the manifest is written
};

}  // namespace k2i::iceberg
