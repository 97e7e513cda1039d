// SPDX-License-Identifier: Apache-2.0
#include "maintenance/replace_commit.h"

#include <fmt/format.h>

#include "base/logging.h"
#include "iceberg/update/commit_retry.h"
#include "maintenance/carried_progress.h"

namespace k2i::maintenance {
namespace {

using iceberg::LoadedTable;
using iceberg::SnapshotRef;
using iceberg::TableMetadata;

std::optional<int64_t> BranchHead(const TableMetadata& table, const std::string& branch) {
  const auto* head = table.FindRef(branch);
  return head == nullptr ? std::nullopt : std::optional(head->snapshot_id);
}

bool MayHaveArrived(ErrorCode code) { return code == ErrorCode::kCommitStateUnknown || code == ErrorCode::kTimeout; }

}  // namespace

Result<ReplaceOutcome> ReplaceCommit::Run(const LoadedTable& table, int64_t snapshot_id, const Prepare& prepare,
                                          std::stop_token stop) {
  Attempt attempt{.planned = table,
                  .snapshot_id = snapshot_id,
                  .prepare = prepare,
                  .written_since = options_.written_since.value_or(iceberg::WrittenSince::Now(parts_.clock)),
                  .outcome = {.table = table}};
  K2I_ASSIGN_OR_RETURN(const RetryPolicy conflict_retry,
                       iceberg::CommitRetry(*table.metadata, options_.conflict_retry));
  RetryContext context{parts_.clock, parts_.random, stop, {}};
  const Duration started = parts_.clock.monotonic();
  int failures = 0;
  while (true) {
    auto done = TryOnce(attempt);
    attempt.outcome.certain = !attempt.sent_unknown;
    if (done && *done) return std::move(attempt.outcome);
    Error error = done ? Error{ErrorCode::kUnavailable, "the base moved each time", Component::kCatalog} : done.error();
    if (done) ++attempt.outcome.conflicts;
    if (!done) {
      ++failures;
      log::Warn("maintenance_commit_failed",
                {{"table", table.identifier.ToString()}, {"error", error.ToString()}, {"try", failures}});
      // The next try begins by reading the table.
      if (error.code == ErrorCode::kCommitStateUnknown) error.code = ErrorCode::kUnavailable;
    }
    const bool again =
        error.retryable() && (done ? WaitBeforeRetry(conflict_retry, context, error, attempt.outcome.conflicts, started)
                                   : WaitBeforeRetry(options_.retry, context, error, failures, started));
    if (again) continue;
    if (stop.stop_requested()) error = {ErrorCode::kCancelled, "stopped before the commit", Component::kCatalog};
    if (done && !stop.stop_requested()) error.code = ErrorCode::kCommitConflict;
    if (attempt.sent_unknown) {
      error = {ErrorCode::kCommitStateUnknown,
               fmt::format("given up before the catalog said whether snapshot {} was committed ({}); its files stay",
                           snapshot_id, error.message)};
    }
    return std::unexpected(error.In(Component::kCatalog));
  }
}

Result<LoadedTable> ReplaceCommit::LoadFresh(const Attempt& attempt) {
  K2I_ASSIGN_OR_RETURN(auto loaded, parts_.catalog.LoadTable(attempt.planned.identifier));
  if (loaded.metadata->table_uuid == attempt.planned.metadata->table_uuid) return loaded;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("table {} has been dropped and re-created meanwhile", attempt.planned.identifier.ToString()),
              Component::kCatalog);
}

/// True: done. False: a definite conflict; try again on a new base.
Result<bool> ReplaceCommit::TryOnce(Attempt& attempt) {
  K2I_ASSIGN_OR_RETURN(attempt.outcome.table, LoadFresh(attempt));
  const TableMetadata& base = *attempt.outcome.table.metadata;
  if (base.FindSnapshot(attempt.snapshot_id) != nullptr) {  // a try whose reply was lost
    attempt.outcome.snapshot_id = attempt.snapshot_id;
    return true;
  }
  auto prepared = attempt.prepare(base, parts_.clock.wall_ms());
  if (!prepared) return OnUnprepared(attempt, prepared.error());
  if (!prepared->snapshot) {
    attempt.outcome.reason = std::move(prepared->reason);
    return true;
  }
  if (attempt.written_since.Age(parts_.clock) > options_.files_good_for) {
    attempt.outcome.reason = "what was written for it is so old that orphan clean-up may take it any time";
    return true;
  }
  return Send(attempt, *std::move(prepared->snapshot));
}

/// Files of the base may have gone because it is not the newest any more: expired by another engine.
Result<bool> ReplaceCommit::OnUnprepared(Attempt& attempt, const Error& error) {
  if (error.code != ErrorCode::kNotFound) return std::unexpected(error);
  K2I_ASSIGN_OR_RETURN(const auto newest, LoadFresh(attempt));
  const auto before = BranchHead(*attempt.outcome.table.metadata, options_.branch);
  if (BranchHead(*newest.metadata, options_.branch) == before) return std::unexpected(error);
  return false;
}

Result<bool> ReplaceCommit::Send(Attempt& attempt, iceberg::Snapshot snapshot) {
  const LoadedTable& table = attempt.outcome.table;
  const TableMetadata& base = *table.metadata;
  std::optional<CarriedProgress> carried;
  if (options_.carry_progress) {
    K2I_ASSIGN_OR_RETURN(carried, FindCarriedProgress(base, options_.branch, options_.version));
  }
  if (carried) {
    for (const auto& [key, value] : carried->summary) snapshot.summary[key] = value;
  }
  SnapshotRef branch;
  if (const auto it = base.refs.find(options_.branch); it != base.refs.end()) branch = it->second;
  branch.snapshot_id = snapshot.snapshot_id;
  std::vector<iceberg::TableUpdate> updates{iceberg::update::AddSnapshot{snapshot},
                                            iceberg::update::SetSnapshotRef{options_.branch, branch}};
  if (carried) {
    for (auto& update : carried->Updates(snapshot.snapshot_id)) updates.push_back(std::move(update));
  }
  auto committed = parts_.catalog.CommitTable(
      table,
      {iceberg::requirement::AssertTableUuid{base.table_uuid},
       iceberg::requirement::AssertRefSnapshotId{options_.branch, BranchHead(base, options_.branch)}},
      updates, parts_.random.TimeOrderedUuid(parts_.clock.wall_ms()));
  if (committed) {
    attempt.outcome.table = std::move(*committed);
    attempt.outcome.snapshot_id = snapshot.snapshot_id;
    return true;
  }
  if (committed.error().code == ErrorCode::kCommitConflict) return false;
  if (MayHaveArrived(committed.error().code)) attempt.sent_unknown = true;
  return std::unexpected(committed.error());
}

}  // namespace k2i::maintenance
