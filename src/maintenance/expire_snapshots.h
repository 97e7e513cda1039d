// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/catalog.h"
#include "io/object_store.h"
#include "maintenance/expiry_plan.h"
#include "maintenance/file_deletion.h"
#include "maintenance/reachability.h"

namespace k2i::maintenance {

struct ExpiryOptions {
  ExpiryWishes wishes;
  std::set<int64_t> pinned;      // snapshots that must stay, beside those of leases
  size_t most_snapshots = 0;     // to remove, the oldest first; 0: all that may go
  DeletionOptions deletion;      // its dry_run is that of the whole
  int most_tries = 10;           // on conflicts
  ReadingProgress reading = {};  // of the search for files; may be empty
};

struct ExpiryReport {
  ExpiryPlan plan;  // what was committed; in a dry run: what would be
  size_t snapshots_kept = 0;
  size_t snapshots_left = 0;  // of those kept, which may go, but were more than most_snapshots
  DeletionReport files;
  std::vector<std::string> unreadable;  // lists and manifests of expired snapshots, whose files are left
  /// Why no file could be deleted after the commit, Cancelled too; orphan clean-up will find them.
  std::optional<Error> files_error;
};

/// Removes snapshots and refs from a table by its retention (PlanExpiry), then deletes the files that only they
/// reached. Commits first, on condition that no ref has moved since the plan was made; plans anew where one has. The
/// files are chosen by the newest metadata, read after the commit, and those of a snapshot that has been leased
/// meanwhile stay. Where a commit's outcome is unknown, the table is read until it is known.
class SnapshotExpiry {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    io::ObjectStore& store;
    Clock& clock;
    Random& random;
  };

  /// `parts` must outlive this.
  SnapshotExpiry(Parts parts, ExpiryOptions options) : parts_(parts), options_(std::move(options)) {}

  /// - CommitConflict: a ref had moved each time. CommitStateUnknown: the catalog did not say and could not be read;
  ///   no file has been deleted.
  /// - InvalidConfig: gc.enabled is false, or a property of the retention is no number. NotSupported: CheckReadable.
  /// - errors of the catalog and of PlanExpiry. After the commit there are no errors, but those in the report.
  Result<ExpiryReport> Run(const iceberg::TableIdentifier& table);

 private:
  struct Try {
    iceberg::LoadedTable base;
    ExpiryPlan plan;
    size_t left = 0;
  };
  Result<Try> Plan(const iceberg::TableIdentifier& table);
  size_t Bound(const iceberg::TableMetadata& table, std::vector<int64_t>& planned);
  Result<bool> Commit(const Try& attempt);
  Result<iceberg::LoadedTable> Reload(const iceberg::TableIdentifier& table);
  Result<iceberg::TableMetadata> After(const Try& attempt);
  Status CleanUp(const Try& attempt, ExpiryReport& report);

  Parts parts_;
  const ExpiryOptions options_;
  std::unordered_set<int64_t> chosen_;  // by the run's first plan, where there is a bound
};

}  // namespace k2i::maintenance
