// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"
#include "maintenance/file_deletion.h"
#include "maintenance/orphan_plan.h"
#include "maintenance/reachability.h"

namespace k2i::maintenance {

struct OrphanOptions {
  int64_t older_than_ms = 0;  // a time, Unix epoch
  bool force = false;         // files younger than a day too
  std::string warehouse;      // the catalog's location, where it is one; empty: not known
  /// The user says that no other table keeps files below the location: the catalog's other tables are not looked at.
  bool unshared = false;
  DeletionOptions deletion;  // its progress: of the orphans found so far
  size_t batch_files = 1000;
  int64_t most_files = 0;        // to delete; 0: all that may go
  ReadingProgress reading = {};  // of the table's manifests; may be empty
  /// Told after each file that is listed; may be empty.
  std::function<void(int64_t listed)> listing = {};
};

struct OrphanReport {
  std::string location;
  int64_t listed_files = 0, listed_bytes = 0;
  DeletionReport files;
  bool reached_most_files = false;  // there may be more
  /// Why the listing was not gone through to its end; Cancelled too. What was deleted before had been proven.
  std::optional<Error> stopped;
};

/// Deletes files below the table's location that nothing refers to, batch by batch as they are listed. Before each
/// batch the table is loaded again, and what it has come to refer to since stays.
class OrphanCleaning {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    io::ObjectStore& store;
    Clock& clock;
  };

  /// `parts` must outlive this.
  OrphanCleaning(Parts parts, OrphanOptions options)
      : parts_(parts),
        options_(std::move(options)),
        reader_(parts.store,
                {.threads = options_.deletion.threads, .progress = options_.reading, .stop = options_.deletion.stop}) {}

  /// Whether it may be done at all; nothing is listed or deleted. The codes of Run.
  Status Check(const iceberg::TableIdentifier& table);

  /// Nothing has been deleted after an error.
  /// - NotSupported: the location is shared with another table, or what the table reaches cannot be read, or the
  /// catalog
  ///   does not name the table's metadata file.
  /// - InvalidConfig: gc.enabled is false. InvalidArgument: OrphanCutoff, and locations that cannot be compared.
  /// - errors of catalog and store, Corruption. Cancelled: stopped before anything was listed.
  Result<OrphanReport> Run(const iceberg::TableIdentifier& table);

 private:
  Status CheckOthers(const iceberg::LoadedTable& own);
  Status AddReachable(const iceberg::LoadedTable& table);
  Status Consider(const io::FileInfo& file);
  Status CheckBound();
  Status FinishBatch();

  Parts parts_;
  const OrphanOptions options_;
  ReachabilityReader reader_;
  iceberg::LoadedTable table_;  // as last read
  int64_t cutoff_ms_ = 0;
  std::optional<OrphanFinder> finder_;
  std::vector<io::FileInfo> batch_;
  int64_t orphans_seen_ = 0;  // in the batches before
  OrphanReport report_;
};

}  // namespace k2i::maintenance
