// SPDX-License-Identifier: Apache-2.0
#include "maintenance/expire_snapshots.h"

#include <algorithm>
#include <unordered_set>

#include "base/logging.h"
#include "base/retry.h"
#include "progress/lease.h"

namespace k2i::maintenance {
namespace {

using iceberg::LoadedTable;
using iceberg::Snapshot;
using iceberg::TableMetadata;

constexpr RetryPolicy kConflictPause{.max_attempts = 0,
                                     .initial_backoff = std::chrono::milliseconds(20),
                                     .max_backoff = std::chrono::milliseconds(500),
                                     .budget = Duration(0)};

bool IsUnknown(const Error& error) {
  return error.code == ErrorCode::kCommitStateUnknown || error.code == ErrorCode::kTimeout;
}

/// Every ref as the plan found it: a branch set back to a snapshot that is to go would lose its head, and a tag moved
/// there would be lost.
std::vector<iceberg::TableRequirement> Requirements(const TableMetadata& base) {
  std::vector<iceberg::TableRequirement> requirements{iceberg::requirement::AssertTableUuid{base.table_uuid}};
  for (const auto& [name, ref] : base.refs) {
    requirements.push_back(iceberg::requirement::AssertRefSnapshotId{name, ref.snapshot_id});
  }
  return requirements;
}

/// Refs go first: a snapshot that a ref points to cannot be removed.
std::vector<iceberg::TableUpdate> Updates(const ExpiryPlan& plan) {
  std::vector<iceberg::TableUpdate> updates;
  for (const std::string& name : plan.refs) updates.push_back(iceberg::update::RemoveSnapshotRef{name});
  if (!plan.snapshots.empty()) updates.push_back(iceberg::update::RemoveSnapshots{plan.snapshots});
  if (!plan.properties.empty()) updates.push_back(iceberg::update::RemoveProperties{plan.properties});
  return updates;
}

/// No more than `most` of the snapshots `ids`. Their place in the table need not say their age.
std::unordered_set<int64_t> Oldest(const TableMetadata& table, const std::vector<int64_t>& ids, size_t most) {
  const std::unordered_set<int64_t> asked(ids.begin(), ids.end());
  std::vector<std::pair<int64_t, int64_t>> by_age;  // time and id
  for (const Snapshot& snapshot : table.snapshots) {
    if (asked.contains(snapshot.snapshot_id)) by_age.emplace_back(snapshot.timestamp_ms, snapshot.snapshot_id);
  }
  std::ranges::stable_sort(by_age, {}, &std::pair<int64_t, int64_t>::first);
  if (by_age.size() > most) by_age.resize(most);
  std::unordered_set<int64_t> oldest;
  for (const auto& [time, id] : by_age) oldest.insert(id);
  return oldest;
}

bool HasAnyOf(const TableMetadata& table, const ExpiryPlan& plan) {
  const std::unordered_set<int64_t> planned(plan.snapshots.begin(), plan.snapshots.end());
  return std::ranges::any_of(table.snapshots, [&](const Snapshot& s) { return planned.contains(s.snapshot_id); }) ||
         std::ranges::any_of(plan.refs, [&](const std::string& name) { return table.refs.contains(name); }) ||
         std::ranges::any_of(plan.properties, [&](const std::string& key) { return table.properties.contains(key); });
}

}  // namespace

Result<SnapshotExpiry::Try> SnapshotExpiry::Plan(const iceberg::TableIdentifier& table) {
  Try attempt;
  K2I_ASSIGN_OR_RETURN(attempt.base, parts_.catalog.LoadTable(table));
  const TableMetadata& metadata = *attempt.base.metadata;
  K2I_RETURN_IF_ERROR(CheckMayDelete(metadata));
  K2I_RETURN_IF_ERROR(CheckReadable(metadata));
  const int64_t now_ms = parts_.clock.wall_ms();
  K2I_ASSIGN_OR_RETURN(const ExpiryPolicy policy, PolicyOf(metadata, options_.wishes, now_ms));
  K2I_ASSIGN_OR_RETURN(attempt.plan, PlanExpiry(metadata, policy, options_.pinned, now_ms));
  if (options_.most_snapshots > 0) attempt.left = Bound(metadata, attempt.plan.snapshots);
  return attempt;
}

/// How many are left out. What was chosen first is kept to: a request of an earlier try may still land.
size_t SnapshotExpiry::Bound(const TableMetadata& table, std::vector<int64_t>& planned) {
  const size_t all = planned.size();
  if (chosen_.empty()) chosen_ = Oldest(table, planned, options_.most_snapshots);
  std::erase_if(planned, [&](int64_t id) { return !chosen_.contains(id); });
  return all - planned.size();
}

/// True: committed. False: surely not. CommitStateUnknown after it was tried to find out.
Result<bool> SnapshotExpiry::Commit(const Try& attempt) {
  const auto committed =
      parts_.catalog.CommitTable(attempt.base, Requirements(*attempt.base.metadata), Updates(attempt.plan),
                                 parts_.random.TimeOrderedUuid(parts_.clock.wall_ms()));
  if (committed.has_value()) return true;
  if (committed.error().code == ErrorCode::kCommitConflict) return false;
  if (!IsUnknown(committed.error())) return std::unexpected(committed.error());
  const auto now = Reload(attempt.base.identifier);
  if (!now.has_value()) {
    return Fail(ErrorCode::kCommitStateUnknown,
                "whether the snapshots were removed is not known, and no file has been deleted; run it again: " +
                    now.error().message,
                Component::kCatalog);
  }
  // Where all is gone it was taken. Else it may still come, which does no harm: it removes what the next plan removes,
  // and is refused once a ref has moved.
  return !HasAnyOf(*now->metadata, attempt.plan);
}

Result<LoadedTable> SnapshotExpiry::Reload(const iceberg::TableIdentifier& table) {
  return Retry(RetryPolicy{}, RetryContext{parts_.clock, parts_.random, {}, {}},
               [&] { return parts_.catalog.LoadTable(table); });
}

Result<ExpiryReport> SnapshotExpiry::Run(const iceberg::TableIdentifier& table) {
  chosen_.clear();
  for (int tries = 1;; ++tries) {
    if (options_.deletion.stop.stop_requested()) {
      return Fail(ErrorCode::kCancelled, "stopped before the commit", Component::kCatalog);
    }
    K2I_ASSIGN_OR_RETURN(const Try attempt, Plan(table));
    ExpiryReport report{.plan = attempt.plan, .snapshots_left = attempt.left};
    const bool dry_run = options_.deletion.dry_run;
    bool committed = attempt.plan.empty() || dry_run;
    if (!committed) {
      K2I_ASSIGN_OR_RETURN(committed, Commit(attempt));
    }
    if (!committed) {
      if (tries >= options_.most_tries) {
        return Fail(ErrorCode::kCommitConflict,
                    "the table's branches and tags moved during each of " + std::to_string(tries) + " tries",
                    Component::kCatalog);
      }
      parts_.clock.SleepFor(BackoffBefore(kConflictPause, tries, parts_.random), options_.deletion.stop);
      continue;
    }
    report.snapshots_kept = attempt.base.metadata->snapshots.size() - attempt.plan.snapshots.size();
    if (attempt.plan.snapshots.empty()) return report;
    const Status cleaned = CleanUp(attempt, report);
    if (!cleaned.has_value()) report.files_error = cleaned.error();
    return report;
  }
}

/// The newest metadata, or what the commit would make of the base.
Result<TableMetadata> SnapshotExpiry::After(const Try& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  if (options_.deletion.dry_run) return iceberg::ApplyUpdates(base, "", Updates(attempt.plan), parts_.clock.wall_ms());
  K2I_ASSIGN_OR_RETURN(const LoadedTable now, Reload(attempt.base.identifier));
  if (now.metadata->table_uuid == base.table_uuid) return *now.metadata;
  return Fail(ErrorCode::kNotFound, "the table has been replaced by another of its name", Component::kCatalog);
}

Status SnapshotExpiry::CleanUp(const Try& attempt, ExpiryReport& report) {
  const TableMetadata& before = *attempt.base.metadata;
  K2I_ASSIGN_OR_RETURN(const TableMetadata now, After(attempt));
  K2I_ASSIGN_OR_RETURN(const auto leases, progress::ReadLeases(now));
  std::unordered_set<int64_t> stay;
  for (const Snapshot& snapshot : now.snapshots) stay.insert(snapshot.snapshot_id);
  std::unordered_set<int64_t> leased;
  for (const progress::Lease& lease : leases) {
    if (lease.until_ms > parts_.clock.wall_ms()) leased.insert(lease.snapshot_id);
  }
  const std::unordered_set<int64_t> planned(attempt.plan.snapshots.begin(), attempt.plan.snapshots.end());
  iceberg::SnapshotList removed, kept = now.snapshots;
  for (const Snapshot& snapshot : before.snapshots) {
    const int64_t id = snapshot.snapshot_id;
    if (planned.contains(id) && !stay.contains(id)) (leased.contains(id) ? kept : removed).push_back(snapshot);
  }
  const ReadingOptions reading{
      .threads = options_.deletion.threads, .progress = options_.reading, .stop = options_.deletion.stop};
  K2I_ASSIGN_OR_RETURN(ExpiredFiles expired, FindExpiredFiles(parts_.store, before, removed, now, kept, reading));
  report.unreadable = std::move(expired.unreadable);
  report.files = DeleteFiles(parts_.store, expired.files, options_.deletion);
  if (report.files.not_tried > 0) return Fail(ErrorCode::kCancelled, "stopped while files were being deleted");
  return {};
}

}  // namespace k2i::maintenance
