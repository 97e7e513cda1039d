// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "io/object_store.h"
#include "maintenance/table_files.h"

namespace k2i::maintenance {

struct FileCount {
  int64_t files = 0;
  int64_t bytes = 0;
  friend bool operator==(const FileCount&, const FileCount&) = default;
};
using FileCounts = std::map<FileKind, FileCount>;
FileCount Total(const FileCounts& counts);

/// What became of a set of files.
struct DeletionReport {
  FileCounts deleted;                 // in a dry run: to be deleted
  int64_t missing = 0;                // nothing there to be deleted
  int64_t failed = 0;                 // still there; orphan clean-up will find them
  int64_t not_tried = 0;              // it was asked to stop before
  std::vector<std::string> failures;  // the first few, with the reason
  std::vector<std::string> listed;    // the first files, for people to look at

  void Add(const DeletionReport& other);
};

/// Told after each file, from several threads, one at a time.
using DeletionProgress = std::function<void(int64_t done, int64_t of)>;

struct DeletionOptions {
  size_t threads = 8;
  bool dry_run = false;       // counts alone
  size_t most_listed = 100;   // of DeletionReport::listed
  DeletionProgress progress;  // may be empty
  std::stop_token stop;
};

/// Deletes `files`, as many by one request as the store takes, and `threads` such requests at a time. Files that the
/// store has not listed are looked at first, so that counts and bytes are true ones. What fails is counted, and keeps
/// nothing else.
DeletionReport DeleteFiles(io::ObjectStore& store, const std::vector<TableFile>& files, const DeletionOptions& options);

}  // namespace k2i::maintenance
