// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/retry.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/update/append.h"
#include "iceberg/update/written_since.h"
#include "ingest/component_health.h"
#include "progress/progress.h"

namespace k2i::ingest {

/// Data files that are complete and durable, and the offsets they stand for.
struct CommitRequest {
  std::string flush_id;
  std::vector<iceberg::DataFile> files;  // may be empty: offsets of which no row came
  OffsetRanges ranges;
  std::optional<int64_t> watermark_ms;
  std::map<std::string, std::string> summary = {};  // more keys for the snapshot
  /// Asked about every base before a commit on it; an error ends the commit. May be empty.
  std::function<Status(const iceberg::TableMetadata& base)> check_base = {};
  /// The snapshot for which a process that is no more may have sent this very commit; both are then tries of one. None:
  /// a new one is chosen.
  std::optional<int64_t> snapshot_id = {};
  /// Of `files`. None: since the commit began.
  std::optional<iceberg::WrittenSince> written_since = {};
};

struct CommitIntentRecord {
  std::string table_uuid;
  int64_t snapshot_id = 0;
  std::optional<int64_t> base_snapshot_id;
  std::string manifest;  // of the request's files; empty where it has none
  int32_t spec_id = 0;   // of that manifest
};

struct CommitOutcome {
  /// False: nothing was committed. Others have committed part of the ranges: drop what is below `progress` and come
  /// again. Or the files are `too_old`: write them anew.
  bool committed = false;
  bool too_old = false;
  int64_t snapshot_id = 0;
  progress::Progress progress;      // the table's whole vector: after this commit, or as found when fenced
  bool files_unreferenced = false;  // not committed, and no try can have been taken: the files may be deleted
};

struct CommitterOptions {
  std::string pipeline;
  std::string branch = "main";
  std::string version;
  bool property_mirror = true;
  /// Snapshots that this process reads, and the one it commits, are leased (docs/format/lease.md) for so long from each
  /// commit on, so that no expiry takes their files away; 0: no leases. Never without property_mirror, which says
  /// whether the catalog is to be told properties at all.
  Duration lease_for{0};
  std::string lease_holder = {};                                // a UUID of this process' own
  std::function<std::vector<int64_t>()> snapshots_in_use = {};  // may be empty
  Duration files_good_for = iceberg::kUncommittedFilesGoodFor;
  RetryPolicy retry{.max_attempts = 0, .budget = Duration(0)};
  /// After a conflict; the waits that the table wants (commit.retry.*) beat these. Short and nearly level: whoever has
  /// lost often must not come back more and more rarely than those who win.
  RetryPolicy conflict_retry{.max_attempts = 0,
                             .initial_backoff = std::chrono::milliseconds(20),
                             .max_backoff = std::chrono::milliseconds(160),
                             .budget = Duration(0)};
};

/// Steps 2 to 5 of the commit protocol (design.md §4) for one table: compares ranges with the boundary on every base,
/// commits in one request, rebases on a conflict, and resolves an unknown outcome by reading. One thread.
class TableCommitter {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    io::ObjectStore& store;
    Clock& clock;
    Random& random;
    IngestMetrics& metrics;
    ComponentHealth& health;
  };
  /// Made durable before the request it describes is sent.
  using LogIntent = std::function<Status(const CommitIntentRecord&)>;

  /// `parts` must outlive this. `table` is the table as it was opened: its UUID must not change.
  TableCommitter(Parts parts, CommitterOptions options, iceberg::LoadedTable table, LogIntent log_intent)
      : parts_(parts), options_(std::move(options)), table_(std::move(table)), log_intent_(std::move(log_intent)) {}

  /// Waits through outages until the outcome is certain or `stop` is requested.
  /// - CommitStateUnknown: stopped before the outcome was known; the files must stay.
  /// - Cancelled: stopped, and nothing of this request was or will be committed.
  /// - NotFound, InvalidArgument, PermissionDenied, Corruption: definitely refused; the files may go.
  Result<CommitOutcome> Commit(const CommitRequest& request, const kafka::ClusterInfo& cluster, std::stop_token stop);

  /// The newest metadata this committer has seen.
  const iceberg::LoadedTable& table() const { return table_; }

 private:
  /// One commit on its way.
  struct Attempt {
    const CommitRequest& request;
    const kafka::ClusterInfo& cluster;
    std::stop_token stop;
    int64_t snapshot_id;
    iceberg::Append append;
    iceberg::WrittenSince written_since;
    bool sent_unknown = false;  // some try may have reached the catalog
  };

  Result<iceberg::LoadedTable> LoadFresh();
  Result<std::optional<CommitOutcome>> TryOnce(Attempt& attempt);
  CommitIntentRecord IntentOf(const Attempt& attempt) const;
  Result<std::optional<CommitOutcome>> OnUnprepared(const Error& error);
  void DropUnused(const Attempt& attempt, bool committed);
  Status Send(Attempt& attempt, const progress::Progress& next, const iceberg::Snapshot& snapshot);
  std::map<std::string, std::string> Summary(const CommitRequest& request, const progress::Progress& next) const;
  std::vector<iceberg::TableUpdate> Updates(const iceberg::Snapshot& snapshot, const progress::Progress& next) const;
  void AddLeases(int64_t snapshot_id, std::vector<iceberg::TableUpdate>& updates) const;
  RetryPolicy ConflictRetry() const;
  static Error Stopped(const Attempt& attempt);
  static Error Refused(const Attempt& attempt, const Error& error);

  Parts parts_;
  CommitterOptions options_;
  iceberg::LoadedTable table_;
  LogIntent log_intent_;
};

}  // namespace k2i::ingest
