// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"
#include "iceberg/catalog/catalog.h"
#include "iceberg/update/rewrite.h"
#include "iceberg/update/written_since.h"

namespace k2i::maintenance {

struct ReplaceOptions {
  std::string branch = "main";
  std::string version;  // of this program, for the summary
  /// Off: the snapshot says nothing of pipelines, as one that another engine makes; their boundaries stay where they
  /// are.
  bool carry_progress = true;
  /// Of the files to be committed. None: since the commit began.
  std::optional<iceberg::WrittenSince> written_since = {};
  Duration files_good_for = iceberg::kUncommittedFilesGoodFor;
  /// For a catalog or store that fails, and for conflicts, each for itself; the table's commit.retry.* beat the latter.
  RetryPolicy retry{.max_attempts = 0, .budget = std::chrono::minutes(5)};
  RetryPolicy conflict_retry{.max_attempts = 50,
                             .initial_backoff = std::chrono::milliseconds(20),
                             .max_backoff = std::chrono::milliseconds(160),
                             .budget = Duration(0)};
};

struct ReplaceOutcome {
  /// None: nothing was committed, for `reason`: the plan is stale, what was written is too old, or there is nothing to
  /// do.
  std::optional<int64_t> snapshot_id;
  std::string reason;
  /// What became of each try is known: what was written for those that were not taken may be deleted.
  bool certain = true;
  int conflicts = 0;
  iceberg::LoadedTable table;  // the newest that was seen
};

/// Of what `work` (Append, Rewrite, RewriteManifests) has written for a commit, what nothing refers to after it went as
/// `outcome` says: all, what was for bases that had moved, or nothing where that is not certain.
template <typename Work>
std::vector<std::string> LeftOver(const Work& work, const Result<ReplaceOutcome>& outcome) {
  if (!outcome) {
    return outcome.error().code == ErrorCode::kCommitStateUnknown ? std::vector<std::string>() : work.written();
  }
  if (!outcome->certain) return {};
  if (!outcome->snapshot_id) return work.written();
  const iceberg::Snapshot* committed = outcome->table.metadata->FindSnapshot(*outcome->snapshot_id);
  return committed == nullptr ? std::vector<std::string>() : work.Superseded(*committed);
}

/// Commits a `replace` snapshot beside writers that are at work: rebased on conflicts, an unknown outcome resolved by
/// reading, K2I's boundary carried forward in the same commit. One thread.
class ReplaceCommit {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    Clock& clock;
    Random& random;
  };
  /// The snapshot on top of a base; asked again for each newer one. Without a snapshot: the end.
  using Prepare = std::function<Result<iceberg::PreparedReplace>(const iceberg::TableMetadata& base, int64_t now_ms)>;

  /// `parts` must outlive this.
  ReplaceCommit(Parts parts, ReplaceOptions options) : parts_(parts), options_(std::move(options)) {}

  /// `table`: as it was planned on; its UUID must not change. `snapshot_id`: of every snapshot that `prepare` gives.
  /// - CommitStateUnknown: given up before the outcome was known; delete nothing.
  /// - CommitConflict: others were faster each time. Cancelled: stopped. NotFound, InvalidArgument, NotSupported,
  ///   PermissionDenied, Corruption and so on: definitely not committed; what was written may be deleted.
  Result<ReplaceOutcome> Run(const iceberg::LoadedTable& table, int64_t snapshot_id, const Prepare& prepare,
                             std::stop_token stop);

 private:
  struct Attempt {
    const iceberg::LoadedTable& planned;
    const int64_t snapshot_id;
    const Prepare& prepare;
    const iceberg::WrittenSince written_since;
    bool sent_unknown = false;  // some try may have reached the catalog
    ReplaceOutcome outcome;
  };
  Result<bool> TryOnce(Attempt& attempt);
  Result<bool> OnUnprepared(Attempt& attempt, const Error& error);
  Result<bool> Send(Attempt& attempt, iceberg::Snapshot snapshot);
  Result<iceberg::LoadedTable> LoadFresh(const Attempt& attempt);

  Parts parts_;
  const ReplaceOptions options_;
};

}  // namespace k2i::maintenance
