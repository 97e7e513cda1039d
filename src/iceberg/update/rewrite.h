// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "iceberg/scan/delete_index.h"
#include "iceberg/update/snapshot_counters.h"
#include "iceberg/update/snapshot_writer.h"

namespace k2i::iceberg {

/// What the preparation of a `replace` snapshot comes to.
struct PreparedReplace {
  /// None: there is nothing to commit on this base, for the reason that follows.
  std::optional<Snapshot> snapshot;
  std::string reason;
};

/// What tells a file from the others of a snapshot: its location and, as several deletion vectors share a file, its
/// place there.
std::string FileKey(const DataFile& file);

/// A file that comes in the place of others.
struct ReplacementFile {
  DataFile file;
  /// Data sequence number; none: that of the snapshot. Rows that were rewritten keep one from before the rewrite, so
  /// that equality deletes that are committed meanwhile still apply to them (spec "Sequence Number Inheritance").
  std::optional<int64_t> sequence_number;
};

/// What Rewrite needs to know; the same for every base it is tried on.
struct RewriteRequest {
  int64_t snapshot_id = 0;  // chosen beforehand, so that an unknown commit can be found again
  std::string branch = "main";
  std::string commit_uuid;                     // in the names of manifests and manifest lists
  int64_t planned_sequence_number = 0;         // of the snapshot in which `removed` was found, its deletes applied
  std::vector<DataFile> removed;               // data files and delete files
  std::vector<ReplacementFile> added;          // of any spec of the table
  std::map<std::string, std::string> summary;  // added to Iceberg's own counters
};

/// Iceberg's RewriteFiles: files are replaced by others that hold the same rows; the operation is `replace`. Manifests
/// that name a removed file are written anew (the entries that stay keep their snapshot and sequence numbers), those
/// that do not are kept; the added files have a manifest of their own for each spec. Manifests without a live file are
/// dropped. Not thread-safe.
class Rewrite {
 public:
  /// `store` must outlive this.
  Rewrite(io::ObjectStore& store, RewriteRequest request);

  /// On top of `base`'s branch; may be called again on a newer base, for which only manifests that it has not seen yet
  /// are read. Without a snapshot: the plan is stale, for a removed file is not live any more, or a delete file that
  /// came later deletes rows of it that the added files still hold. Errors of the store; Corruption of a manifest;
  /// InvalidArgument when a file is referenced twice, or the added ones do not fit the table; NotSupported for tables
  /// of v1. REQUIRES in a table of v3: data files added hold the row lineage of the rows that they take over.
  Result<PreparedReplace> Prepare(const TableMetadata& base, int64_t now_ms);

  /// Locations written so far, for clean-up after a definite failure.
  const std::vector<std::string>& written() const { return writer_.written(); }
  /// As SnapshotWriter's.
  std::vector<std::string> Superseded(const Snapshot& committed) const { return writer_.Superseded(committed); }

 private:
  /// What became of a manifest of some base.
  struct Seen {
    std::vector<std::string> removed;         // keys of the removed files that it names
    std::optional<ManifestFile> replacement;  // none: it names none
  };

  Status WriteAdded(const TableMetadata& base);
  Result<const Seen*> Look(const TableMetadata& base, const ManifestFile& manifest);
  Result<Seen> ReadAndReplace(const TableMetadata& base, const ManifestFile& manifest);
  bool MayNameRemoved(const ManifestFile& manifest) const;
  Result<std::string> FindLaterDelete(const TableMetadata& base, const ManifestFile& manifest);
  bool Undone(const TableMetadata& base, const DataFile& file, const DeletesOfFile& later) const;
  std::map<std::string, std::string> Summarize(const Snapshot* parent) const;

  RewriteRequest request_;
  SnapshotWriter writer_;
  io::ObjectStore& store_;
  std::set<std::string> removed_;                                      // keys
  std::set<std::pair<int32_t, ManifestFile::Content>> removed_kinds_;  // spec and kind of manifest
  std::set<int32_t> added_specs_;
  bool keeps_sequence_ = true;        // each added file says its own sequence number
  std::map<std::string, Seen> seen_;  // by manifest
  std::set<std::string> harmless_;    // delete manifests that have been looked through
  std::optional<std::vector<ManifestFile>> added_manifests_;
  SnapshotCounters counters_;
  size_t changed_partitions_ = 0;
  int next_manifest_ = 0;
};

}  // namespace k2i::iceberg
