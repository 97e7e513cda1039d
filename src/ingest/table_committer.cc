// SPDX-License-Identifier: Apache-2.0
#include "ingest/table_committer.h"

#include <fmt/format.h>

#include <limits>

#include "base/logging.h"
#include "iceberg/update/commit_retry.h"
#include "progress/lease.h"

namespace k2i::ingest {
namespace {

using iceberg::LoadedTable;
using iceberg::Snapshot;
using iceberg::SnapshotRef;

std::optional<int64_t> BranchHead(const iceberg::TableMetadata& table, const std::string& branch) {
  const Snapshot* head = table.FindRef(branch);
  return head == nullptr ? std::nullopt : std::optional(head->snapshot_id);
}

double SecondsSince(const Clock& clock, Duration start) {
  return std::chrono::duration<double>(clock.monotonic() - start).count();
}

Error BehindError(const OffsetVector& behind, const OffsetRanges& ranges) {
  const auto& [partition, boundary] = *behind.begin();
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("the table's boundary of {}/{} is {}, but the rows to commit start at {}: the table has been rolled "
                  "back or restored while K2I ran; restart K2I to read again from the table's boundary",
                  partition.topic, partition.partition.value, boundary.value, ranges.at(partition).begin.value),
      Component::kCatalog};
}

}  // namespace

Result<CommitOutcome> TableCommitter::Commit(const CommitRequest& request, const kafka::ClusterInfo& cluster,
                                             std::stop_token stop) {
  const int64_t snapshot_id = request.snapshot_id ? *request.snapshot_id : parts_.random.PositiveInt64();
  iceberg::AppendRequest append{.snapshot_id = snapshot_id,
                                .branch = options_.branch,
                                .commit_uuid = parts_.random.Uuid(),
                                .files = request.files,
                                .summary = {}};
  Attempt attempt{request,
                  cluster,
                  stop,
                  snapshot_id,
                  iceberg::Append(parts_.store, std::move(append)),
                  request.written_since.value_or(iceberg::WrittenSince::Now(parts_.clock))};
  const Duration started = parts_.clock.monotonic();
  RetryContext context{parts_.clock, parts_.random, stop, {}};
  const RetryPolicy conflict_retry = ConflictRetry();
  int conflicts = 0, failures = 0;
  while (true) {
    auto outcome = TryOnce(attempt);
    if (outcome && *outcome) {
      parts_.health.Healthy("catalog");
      DropUnused(attempt, (*outcome)->committed);
      return **outcome;
    }
    Error error = outcome ? Error{ErrorCode::kUnavailable, "the base moved"} : outcome.error();
    if (outcome) {
      ++conflicts;
    } else {
      ++failures;
      parts_.health.Degraded("catalog", error);
      log::Warn("commit_failed",
                {{"table", table_.identifier.ToString()}, {"error", error.ToString()}, {"try", failures}});
      if (error.code == ErrorCode::kCommitStateUnknown) {
        attempt.sent_unknown = true;
        error.code = ErrorCode::kUnavailable;  // for the wait below: the next try begins by reading the table
      }
      if (!error.retryable()) return std::unexpected(Refused(attempt, error));
    }
    const bool again = outcome ? WaitBeforeRetry(conflict_retry, context, error, conflicts, started)
                               : WaitBeforeRetry(options_.retry, context, error, failures, started);
    if (!again) return std::unexpected(Stopped(attempt));
    parts_.metrics.commit_retries.Increment();
  }
}

/// How long to wait is for the table to say; how often to try is not: rows that are given up would stop the stream.
RetryPolicy TableCommitter::ConflictRetry() const {
  RetryPolicy policy = options_.conflict_retry;
  const auto wished = iceberg::CommitRetry(*table_.metadata, policy);
  if (!wished) {
    log::Warn("commit_retry_not_read", {{"table", table_.identifier.ToString()}, {"error", wished.error().message}});
    return policy;
  }
  policy.initial_backoff = wished->initial_backoff;
  policy.max_backoff = wished->max_backoff;
  return policy;
}

Error TableCommitter::Stopped(const Attempt& attempt) {
  if (attempt.sent_unknown) {
    return {ErrorCode::kCommitStateUnknown,
            fmt::format("stopped before the catalog said whether snapshot {} was committed; the next start finds out",
                        attempt.snapshot_id),
            Component::kCatalog};
  }
  return {ErrorCode::kCancelled, "stopped before the commit", Component::kCatalog};
}

Error TableCommitter::Refused(const Attempt& attempt, const Error& error) {
  Error refused = error.In(Component::kCatalog);
  // This try was refused, but an earlier one may still have been taken: its files must stay.
  if (attempt.sent_unknown) refused.code = ErrorCode::kCommitStateUnknown;
  return refused;
}

Result<LoadedTable> TableCommitter::LoadFresh() {
  K2I_ASSIGN_OR_RETURN(auto loaded, parts_.catalog.LoadTable(table_.identifier));
  if (loaded.metadata->table_uuid != table_.metadata->table_uuid) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("table {} has been dropped and re-created while K2I ran (uuid {} became {}); restart K2I, which "
                    "says how to go on with the new one",
                    table_.identifier.ToString(), table_.metadata->table_uuid, loaded.metadata->table_uuid),
        Component::kCatalog);
  }
  return loaded;
}

/// nullopt: a definite conflict; try again on a new base.
Result<std::optional<CommitOutcome>> TableCommitter::TryOnce(Attempt& attempt) {
  K2I_ASSIGN_OR_RETURN(table_, LoadFresh());
  const auto& base = *table_.metadata;
  K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(base, options_.pipeline, options_.branch));
  const progress::Progress found = boundary ? boundary->progress : progress::Progress{};
  // Our own snapshot in the history: a try whose reply was lost.
  if (base.FindSnapshot(attempt.snapshot_id) != nullptr) {
    return CommitOutcome{.committed = true, .snapshot_id = attempt.snapshot_id, .progress = found};
  }

  K2I_RETURN_IF_ERROR(progress::CheckIdentity(found, attempt.cluster));
  const auto comparison = progress::CompareRanges(attempt.request.ranges, found);
  if (!comparison.behind.empty()) return std::unexpected(BehindError(comparison.behind, attempt.request.ranges));
  if (!comparison.ahead.empty()) return CommitOutcome{.progress = found, .files_unreferenced = !attempt.sent_unknown};
  if (attempt.request.check_base) K2I_RETURN_IF_ERROR(attempt.request.check_base(base));
  const progress::Progress next = progress::Advance(found, attempt.request.ranges, attempt.cluster);
  auto snapshot = attempt.append.Prepare(base, parts_.clock.wall_ms());
  if (!snapshot) return OnUnprepared(snapshot.error());
  snapshot->summary.merge(Summary(attempt.request, next));
  K2I_RETURN_IF_ERROR(log_intent_(IntentOf(attempt)));
  // Not before: what comes before may wait for the store, or for room under the log, as long as it takes.
  if (attempt.written_since.Age(parts_.clock) > options_.files_good_for) {
    return CommitOutcome{.too_old = true, .progress = found, .files_unreferenced = !attempt.sent_unknown};
  }

  const Duration started = parts_.clock.monotonic();
  const Status sent = Send(attempt, next, *snapshot);
  parts_.metrics.catalog_commit_seconds.Observe(SecondsSince(parts_.clock, started));
  if (sent) return CommitOutcome{.committed = true, .snapshot_id = attempt.snapshot_id, .progress = next};
  if (sent.error().code != ErrorCode::kCommitConflict) return std::unexpected(sent.error());
  parts_.metrics.conflicts.Increment();
  log::Info("commit_conflict", {{"table", table_.identifier.ToString()}, {"reason", sent.error().message}});
  return std::nullopt;
}

CommitIntentRecord TableCommitter::IntentOf(const Attempt& attempt) const {
  const auto& base = *table_.metadata;
  CommitIntentRecord intent{.table_uuid = base.table_uuid,
                            .snapshot_id = attempt.snapshot_id,
                            .base_snapshot_id = BranchHead(base, options_.branch)};
  if (const auto* manifest = attempt.append.manifest()) {
    intent.manifest = manifest->manifest_path;
    intent.spec_id = manifest->partition_spec_id;
  }
  return intent;
}

/// The base's manifest list may have gone because the base is not the newest any more: expired by another engine. That
/// is a conflict like any other.
Result<std::optional<CommitOutcome>> TableCommitter::OnUnprepared(const Error& error) {
  if (error.code != ErrorCode::kNotFound) return std::unexpected(error);
  K2I_ASSIGN_OR_RETURN(const auto newest, LoadFresh());
  if (BranchHead(*newest.metadata, options_.branch) == BranchHead(*table_.metadata, options_.branch)) {
    return std::unexpected(error);
  }
  parts_.metrics.conflicts.Increment();
  return std::nullopt;
}

/// Manifest lists for bases that had moved; all manifests where nothing was committed. After a lost reply they stay, as
/// all does that is not known for certain.
void TableCommitter::DropUnused(const Attempt& attempt, bool committed) {
  if (attempt.sent_unknown) return;
  const Snapshot* snapshot = table_.metadata->FindSnapshot(attempt.snapshot_id);
  if (committed && snapshot == nullptr) return;
  const auto unused = committed ? attempt.append.Superseded(*snapshot) : attempt.append.written();
  if (!unused.empty()) (void)parts_.store.DeleteMany(unused);  // what stays is an orphan, and no more
}

Status TableCommitter::Send(Attempt& attempt, const progress::Progress& next, const Snapshot& snapshot) {
  const auto& base = *table_.metadata;
  const std::vector<iceberg::TableRequirement> requirements{
      iceberg::requirement::AssertTableUuid{base.table_uuid},
      iceberg::requirement::AssertRefSnapshotId{options_.branch, BranchHead(base, options_.branch)}};
  auto committed = parts_.catalog.CommitTable(table_, requirements, Updates(snapshot, next),
                                              parts_.random.TimeOrderedUuid(parts_.clock.wall_ms()));
  if (!committed) {
    if (committed.error().code == ErrorCode::kCommitStateUnknown || committed.error().code == ErrorCode::kTimeout) {
      attempt.sent_unknown = true;
    }
    return std::unexpected(committed.error());
  }
  table_ = std::move(*committed);
  return {};
}

std::map<std::string, std::string> TableCommitter::Summary(const CommitRequest& request,
                                                           const progress::Progress& next) const {
  std::map<std::string, std::string> summary{{std::string(progress::kPipelineKey), options_.pipeline},
                                             {std::string(progress::kOffsetsKey), progress::ProgressJson(next)},
                                             {std::string(progress::kRangesKey), progress::RangesJson(request.ranges)},
                                             {std::string(progress::kFlushIdKey), request.flush_id},
                                             {std::string(progress::kVersionKey), options_.version}};
  summary.insert(request.summary.begin(), request.summary.end());
  if (request.watermark_ms) summary[std::string(progress::kWatermarkKey)] = std::to_string(*request.watermark_ms);
  return summary;
}

std::vector<iceberg::TableUpdate> TableCommitter::Updates(const Snapshot& snapshot,
                                                          const progress::Progress& next) const {
  const auto& base = *table_.metadata;
  SnapshotRef branch;
  if (const auto it = base.refs.find(options_.branch); it != base.refs.end())
    branch = it->second;  // keeps its retention
  branch.snapshot_id = snapshot.snapshot_id;
  const SnapshotRef tag{.snapshot_id = snapshot.snapshot_id,
                        .kind = SnapshotRef::Kind::kTag,
                        .max_ref_age_ms = std::numeric_limits<int64_t>::max()};
  std::vector<iceberg::TableUpdate> updates{iceberg::update::AddSnapshot{snapshot},
                                            iceberg::update::SetSnapshotRef{options_.branch, branch},
                                            iceberg::update::SetSnapshotRef{progress::TagName(options_.pipeline), tag}};
  const std::string property = progress::PropertyName(options_.pipeline);
  if (options_.property_mirror) {
    updates.push_back(iceberg::update::SetProperties{{{property, progress::ProgressJson(next)}}});
  } else if (base.properties.contains(property)) {
    // A mirror that stands still would be believed once tag and history have gone.
    updates.push_back(iceberg::update::RemoveProperties{{property}});
  }
  if (options_.property_mirror && options_.lease_for > Duration(0)) AddLeases(snapshot.snapshot_id, updates);
  return updates;
}

/// Ours are set anew; those that are ours no more, and anybody's that have run out, go.
void TableCommitter::AddLeases(int64_t snapshot_id, std::vector<iceberg::TableUpdate>& updates) const {
  const int64_t now_ms = parts_.clock.wall_ms();
  const int64_t until_ms = now_ms + std::chrono::duration_cast<std::chrono::milliseconds>(options_.lease_for).count();
  std::vector<int64_t> in_use = options_.snapshots_in_use ? options_.snapshots_in_use() : std::vector<int64_t>{};
  in_use.push_back(snapshot_id);
  iceberg::update::SetProperties leases;
  for (const int64_t id : in_use) {
    if (id != snapshot_id && table_.metadata->FindSnapshot(id) == nullptr) continue;
    const std::string name = fmt::format("{}-{}", options_.lease_holder, id);
    leases.updates[progress::LeasePropertyName(name)] = progress::LeaseJson({name, id, until_ms});
  }
  iceberg::update::RemoveProperties over;
  // One that cannot be read is for its holder, or for expiry, to complain of.
  if (const auto found = progress::ReadLeases(*table_.metadata)) {
    for (const auto& lease : *found) {
      const std::string property = progress::LeasePropertyName(lease.id);
      const bool ours = lease.id.starts_with(options_.lease_holder + "-");
      if ((ours || lease.until_ms < now_ms) && !leases.updates.contains(property)) over.removals.push_back(property);
    }
  }
  updates.push_back(std::move(leases));
  if (!over.removals.empty()) updates.push_back(std::move(over));
}

}  // namespace k2i::ingest
