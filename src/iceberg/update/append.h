// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "iceberg/manifest/manifest.h"
#include "iceberg/update/table_update.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// What PrepareAppend needs to know; the same for every base it is tried on.
struct AppendRequest {
  int64_t snapshot_id = 0;      // chosen beforehand, so that an unknown commit can be found again
  std::string branch = "main";
  std::string commit_uuid;      // in the names of manifest and manifest list
  std::vector<DataFile> files;  // all of one partition spec, whose id they carry
  std::map<std::string, std::string> summary;  // added to Iceberg's own counters
};

/// An append (Iceberg's "fast append": one new manifest, those of the parent kept as they are). Writes the manifest once
/// (its entries inherit sequence numbers, so it serves every base) and a manifest list for each base.
class Append {
 public:
  /// `store` must outlive this.
  Append(io::ObjectStore& store, AppendRequest request) : store_(store), request_(std::move(request)) {}

  /// The snapshot on top of `base`'s branch, its manifest list written. Errors of the store; Corruption of the parent's
  /// manifest list.
  Result<Snapshot> Prepare(const TableMetadata& base, int64_t now_ms);

  /// Locations written so far, for clean-up after a definite failure.
  const std::vector<std::string>& written() const { return written_; }

 private:
  Status WriteManifest(const TableMetadata& base);
  Result<std::map<std::string, std::string>> Summarize(const TableMetadata& base, const Snapshot* parent) const;

  io::ObjectStore& store_;
  AppendRequest request_;
  std::vector<ManifestFile> manifests_;  // empty until written
  int attempts_ = 0;
  std::vector<std::string> written_;
};

}  // namespace k2i::iceberg
