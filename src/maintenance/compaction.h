// SPDX-License-Identifier: Apache-2.0
//
// maintenance: what keeps a table small and quick that nobody else looks after. Plans are pure and made from manifests;
// what is planned on one snapshot is committed on the newest, or planned anew.
//
//   Compaction               start here: small files become few, one commit a batch
//   PlanCompaction           which files come together (compaction_plan, from live_files)
//   GroupRewriter            their rows as the table has them now: schema, spec, sort order
//   ReplaceCommit            the commit beside writers at work, K2I's boundary carried forward (carried_progress)
//   RewriteTableManifests    small manifests become few (manifest_job)
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "io/object_store.h"
#include "maintenance/compaction_plan.h"
#include "maintenance/group_rewriter.h"
#include "maintenance/live_files.h"
#include "maintenance/replace_commit.h"

namespace k2i::maintenance {

struct CompactionPass;

/// How far a run is.
struct CompactionProgress {
  size_t groups_done = 0, groups = 0;
  int64_t bytes_done = 0, bytes = 0;  // of the files that are read
};

struct CompactionOptions {
  /// A target of 0: the table's write.target-file-size-bytes, else 256 MB. Barriers and the bound of a group are filled
  /// in from the table.
  CompactionPolicy policy;
  int64_t memory_bytes = int64_t{768} << 20;  // of decoded rows
  int64_t bytes_per_second = 0;               // read; 0: no limit
  /// Groups are committed together until they have read this much: what a run that is killed has to do again at most.
  int64_t commit_bytes = int64_t{2} << 30;
  int max_replans = 5;
  /// As RewriterOptions.
  std::optional<double> copy_from_share = kCopyFromShare;
  /// Which files may be rewritten, asked of each table that is planned on; empty: all.
  std::function<Result<FileTest>(const iceberg::TableMetadata&)> where;
  bool dry_run = false;
  ReplaceOptions replace;
  std::function<void(const CompactionProgress&)> on_progress;  // may be empty
};

/// One group of the plan, for people.
struct GroupReport {
  std::string partition;  // "day=2024-01-31"; "": unpartitioned, or of several
  int64_t files = 0, bytes = 0, rows = 0;
  bool old_spec = false, has_deletes = false;
};

/// What was found, and what has been committed. True whatever way the run ended.
struct CompactionReport {
  int64_t planned_on = 0;  // snapshot of the first plan
  int64_t target_bytes = 0;
  std::vector<GroupReport> groups;  // of the first plan
  int64_t live_files_before = 0, live_bytes_before = 0;
  int64_t live_files_after = 0;      // in the newest snapshot, whoever made it
  int64_t not_rewritable = 0;        // left out: not Parquet, encrypted, or referenced twice
  std::vector<std::string> skipped;  // groups that could not be rewritten, and why
  int64_t groups_not_fewer = 0;      // written and dropped: they came to as many files
  int64_t files_removed = 0, files_added = 0, bytes_removed = 0, bytes_added = 0, rows = 0;
  int64_t delete_files_removed = 0;  // that apply to nothing any more
  int64_t rows_deleted = 0;          // left out of the files written, for delete files had deleted them
  int64_t groups_copied = 0;         // without decoding their rows
  int64_t bytes_read = 0;            // of the files rewritten, also where they were not committed
  int64_t commits = 0, conflicts = 0, replans = 0;
  int64_t newest_snapshot = 0;  // of ours; 0: none
};

/// Compacts one table. One thread.
class Compaction {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    io::ObjectStore& store;
    Clock& clock;
    Random& random;
    arrow::MemoryPool* pool;
  };
  /// `parts` must outlive this.
  Compaction(Parts parts, CompactionOptions options);

  /// Plans, writes and commits until what was planned is done; a plan whose files others have changed is made anew.
  /// Errors of catalog and store; NotSupported for tables of v1; Cancelled (what was written and not committed
  /// is deleted); CommitStateUnknown (it stays); CommitConflict where others change the files each time.
  Status Run(const iceberg::TableIdentifier& table, std::stop_token stop, CompactionReport& report);

 private:
  struct Batch;
  Result<bool> RunPass(const iceberg::TableIdentifier& table, std::stop_token stop, CompactionReport& report);
  Result<bool> StaleOr(const CompactionPass& pass, const Error& error);
  Result<bool> Execute(CompactionPass& pass, std::stop_token stop, CompactionReport& report);
  Status RewriteInto(Batch& batch, const CompactionPass& pass, size_t group, GroupRewriter& rewriter,
                     std::stop_token stop, CompactionReport& report);
  Result<bool> Commit(Batch& batch, CompactionPass& pass, std::stop_token stop, CompactionReport& report);
  void Delete(const std::vector<std::string>& locations);
  Status CountLiveFiles(const iceberg::TableIdentifier& table, CompactionReport& report);

  Parts parts_;
  const CompactionOptions options_;
  RateLimit rate_;
  CompactionProgress progress_;
  std::string stale_;  // why the last plan was
};

}  // namespace k2i::maintenance
