// SPDX-License-Identifier: Apache-2.0
//
// Which files snapshots reach, read from manifest lists and manifests, never from a directory. Lists and manifests are
// read in parallel, each once, and none is kept: what is held is one key a file.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "iceberg/manifest/manifest.h"
#include "io/object_store.h"
#include "maintenance/table_files.h"

namespace k2i::maintenance {

/// Told after each list and each manifest, from several threads, one at a time; `of` grows as lists name manifests.
using ReadingProgress = std::function<void(int64_t done, int64_t of)>;

struct ReadingOptions {
  size_t threads = 8;
  ReadingProgress progress = {};  // may be empty
  std::stop_token stop = {};
};

/// What some snapshots reached and none that is kept does.
struct ExpiredFiles {
  std::vector<TableFile> files;  // data and deletes first, then manifests, then lists, then statistics
  /// Lists and manifests of removed snapshots that could not be read (gone, or damaged). What only they name is left to
  /// orphan clean-up.
  std::vector<std::string> unreadable;
};

/// `removed`: snapshots that are not in `table` any more; `before`: metadata that still had them, for its partition
/// specs and statistics. `kept`: those whose files must stay, all of `table`'s among them. Only manifests that are in
/// no kept snapshot's list are searched; the kept ones are read only where that has found a data or delete file, to see
/// whether they reach it too, and only until all are seen to.
/// Errors of the store and Corruption for what the kept snapshots need: then nothing is known to be unreachable.
/// Cancelled where it is told to stop.
Result<ExpiredFiles> FindExpiredFiles(io::ObjectStore& store, const iceberg::TableMetadata& before,
                                      const iceberg::SnapshotList& removed, const iceberg::TableMetadata& table,
                                      const iceberg::SnapshotList& kept, const ReadingOptions& options);

/// Tells of every file that a table reaches: of each snapshot the list, manifests, data and delete files that are live
/// in them; statistics; metadata files of the log.
class ReachabilityReader {
 public:
  /// Called from several threads, one at a time. An error ends the reading.
  using Visitor = std::function<Status(const std::string& location)>;

  /// `store` must outlive this.
  ReachabilityReader(io::ObjectStore& store, ReadingOptions options) : store_(store), options_(std::move(options)) {}

  /// What earlier calls have read is not read again: newer metadata of the same table costs what is new in it. Errors
  /// of the store, the visitor, Corruption, those of CheckReadable, and Cancelled where it is told to stop.
  Status Read(const iceberg::TableMetadata& table, const std::string& metadata_location, const Visitor& visit);

 private:
  io::ObjectStore& store_;
  const ReadingOptions options_;
  std::unordered_set<std::string> lists_, manifests_;  // read already
};

}  // namespace k2i::maintenance
