// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/logging.h"
#include "iceberg/model/reserved_fields.h"
#include "maintenance/compaction_pass.h"
#include "maintenance/live_files.h"
#include "progress/progress.h"

namespace k2i::maintenance {
namespace {

Status CheckTable(const iceberg::TableMetadata& table) {
  if (table.format_version < 2) {
    return Fail(ErrorCode::kNotSupported, "the table is of format version 1: upgrade it to 2 to compact it",
                Component::kCatalog);
  }
  if (table.format_version < 3) return {};
  for (const auto& field : table.current_schema().fields()) {
    if (field.name != iceberg::kRowIdName && field.name != iceberg::kLastUpdatedSequenceName) continue;
    return Fail(ErrorCode::kNotSupported,
                fmt::format("the table has a column {}, a name that format version 3 keeps for itself: rename it to "
                            "compact the table",
                            field.name),
                Component::kCatalog);
  }
  return {};
}

}  // namespace

/// Groups that are committed together.
struct Compaction::Batch {
  iceberg::WrittenSince since;
  std::vector<iceberg::DataFile> removed;
  std::vector<iceberg::ReplacementFile> added;
  std::vector<std::string> locations;
  int64_t bytes = 0, rows = 0, rows_deleted = 0, groups_copied = 0;
};

Compaction::Compaction(Parts parts, CompactionOptions options)
    : parts_(parts), options_(std::move(options)), rate_(parts.clock, options_.bytes_per_second) {}

Status Compaction::Run(const iceberg::TableIdentifier& table, std::stop_token stop, CompactionReport& report) {
  Status result;
  while (true) {
    auto done = RunPass(table, stop, report);
    if (!done) result = std::unexpected(done.error());
    if (!done || *done) break;
    if (++report.replans > options_.max_replans) {
      result = Fail(ErrorCode::kCommitConflict,
                    "none of " + std::to_string(report.replans) + " plans could be committed: " + stale_,
                    Component::kCatalog);
      break;
    }
    log::Info("compaction_planned_anew", {{"table", table.ToString()}});
  }
  report.live_files_after = report.live_files_before;
  if (report.commits > 0) {
    const Status counted = CountLiveFiles(table, report);
    if (result) result = counted;
  }
  return result;
}

/// False: the plan was stale.
Result<bool> Compaction::RunPass(const iceberg::TableIdentifier& table, std::stop_token stop,
                                 CompactionReport& report) {
  CompactionPass pass;
  K2I_ASSIGN_OR_RETURN(pass.table, parts_.catalog.LoadTable(table));
  K2I_RETURN_IF_ERROR(CheckTable(pass.metadata()));
  pass.head = pass.metadata().FindRef(options_.replace.branch);
  if (pass.head == nullptr) return true;  // nothing has been written yet
  if (const Status planned = PlanPass(parts_.store, options_, report.files_removed, pass); !planned) {
    return StaleOr(pass, planned.error());
  }
  progress_ = {.groups = pass.plan.groups.size()};
  for (const auto& group : pass.plan.groups) progress_.bytes += group.bytes;
  if (report.planned_on == 0) DescribePlan(pass, report);
  if (options_.dry_run) return true;
  return Execute(pass, stop, report);
}

/// A file that is not there may have been replaced and deleted by others: then false, the plan is stale.
Result<bool> Compaction::StaleOr(const CompactionPass& pass, const Error& error) {
  if (error.code != ErrorCode::kNotFound) return std::unexpected(error);
  K2I_ASSIGN_OR_RETURN(const auto now, parts_.catalog.LoadTable(pass.table.identifier));
  const auto* head = now.metadata->FindRef(options_.replace.branch);
  if (head != nullptr && head->snapshot_id == pass.head->snapshot_id) return std::unexpected(error);
  stale_ = error.message;
  return false;
}

/// False: the plan was stale.
Result<bool> Compaction::Execute(CompactionPass& pass, std::stop_token stop, CompactionReport& report) {
  RewriterOptions rewriting{.target_bytes = pass.policy.target_bytes,
                            .memory_bytes = options_.memory_bytes,
                            .copy_from_share = options_.copy_from_share,
                            .on_progress = [this, &report](int64_t bytes) {
                              report.bytes_read += bytes;
                              progress_.bytes_done += bytes;
                              if (options_.on_progress) options_.on_progress(progress_);
                            }};
  GroupRewriter rewriter(parts_.store, pass.metadata(), std::move(rewriting), rate_, parts_.pool);
  Batch batch;
  for (size_t i = 0; i < pass.plan.groups.size(); ++i) {
    if (Status rewritten = RewriteInto(batch, pass, i, rewriter, stop, report); !rewritten) {
      Delete(batch.locations);
      return StaleOr(pass, rewritten.error());
    }
    ++progress_.groups_done;
    const bool last = i + 1 == pass.plan.groups.size();
    const bool old = batch.since.Age(parts_.clock) > options_.replace.files_good_for / 2;
    if (batch.removed.empty() || (!last && !old && batch.bytes < options_.commit_bytes)) continue;
    K2I_ASSIGN_OR_RETURN(const bool committed, Commit(batch, pass, stop, report));
    if (!committed) return false;
    batch = {};
  }
  return true;
}

Status Compaction::RewriteInto(Batch& batch, const CompactionPass& pass, size_t index, GroupRewriter& rewriter,
                               std::stop_token stop, CompactionReport& report) {
  const CompactionGroup& group = pass.plan.groups[index];
  K2I_ASSIGN_OR_RETURN(const auto inputs, pass.FilesOf(group));
  if (batch.removed.empty()) batch.since = iceberg::WrittenSince::Now(parts_.clock);
  auto written = rewriter.Run(inputs, parts_.random.Uuid(), stop);
  if (!written && written.error().code == ErrorCode::kNotSupported) {
    report.skipped.push_back(written.error().message);
    return {};
  }
  if (!written) return std::unexpected(written.error());
  if (!group.old_spec && !group.has_deletes && written->files.size() >= inputs.size()) {
    ++report.groups_not_fewer;
    Delete(written->locations);
    return {};
  }
  for (const auto& input : inputs) batch.removed.push_back(*input.file);
  for (auto& file : written->files) batch.added.push_back({std::move(file), group.sequence_number});
  std::ranges::move(written->locations, std::back_inserter(batch.locations));
  batch.bytes += group.bytes;
  batch.rows += written->rows;
  batch.rows_deleted += written->rows_deleted;
  batch.groups_copied += written->copied ? 1 : 0;
  return {};
}

/// False: the plan was stale.
Result<bool> Compaction::Commit(Batch& batch, CompactionPass& pass, std::stop_token stop, CompactionReport& report) {
  const int64_t snapshot_id = parts_.random.PositiveInt64();
  const int64_t data_files = std::ssize(batch.removed);
  for (const auto& file : batch.removed) pass.removed.insert(iceberg::FileKey(file));
  if (!pass.files.deletes.empty()) {
    auto unused = UnusedDeletes(pass.files, pass.deletes, pass.removed);
    if (!unused) {
      Delete(batch.locations);
      return std::unexpected(unused.error());
    }
    for (const auto& file : *unused) pass.removed.insert(iceberg::FileKey(file));
    std::ranges::move(*unused, std::back_inserter(batch.removed));
  }
  std::map<std::string, std::string> summary;
  if (batch.rows_deleted > 0) summary[std::string(progress::kRowsDeletedKey)] = std::to_string(batch.rows_deleted);
  iceberg::Rewrite rewrite(parts_.store, {.snapshot_id = snapshot_id,
                                          .branch = options_.replace.branch,
                                          .commit_uuid = parts_.random.Uuid(),
                                          .planned_sequence_number = pass.head->sequence_number,
                                          .removed = batch.removed,
                                          .added = batch.added,
                                          .summary = std::move(summary)});
  ReplaceOptions replace = options_.replace;
  replace.written_since = batch.since;
  ReplaceCommit commit({parts_.catalog, parts_.clock, parts_.random}, std::move(replace));
  const auto outcome = commit.Run(
      pass.table, snapshot_id,
      [&](const iceberg::TableMetadata& base, int64_t now_ms) { return rewrite.Prepare(base, now_ms); }, stop);
  Delete(LeftOver(rewrite, outcome));
  const bool refused =
      outcome ? !outcome->snapshot_id && outcome->certain : outcome.error().code != ErrorCode::kCommitStateUnknown;
  if (refused) Delete(batch.locations);
  if (!outcome) return std::unexpected(outcome.error());
  report.conflicts += outcome->conflicts;
  if (!outcome->snapshot_id) {
    stale_ = outcome->reason;
    log::Info("compaction_plan_stale", {{"table", pass.table.identifier.ToString()}, {"reason", stale_}});
    return false;
  }
  ++report.commits;
  report.newest_snapshot = snapshot_id;
  report.files_removed += data_files;
  report.delete_files_removed += std::ssize(batch.removed) - data_files;
  report.files_added += std::ssize(batch.added);
  for (int64_t i = 0; i < data_files; ++i) {
    report.bytes_removed += batch.removed[static_cast<size_t>(i)].file_size_in_bytes;
  }
  for (const auto& each : batch.added) report.bytes_added += each.file.file_size_in_bytes;
  report.rows += batch.rows;
  report.rows_deleted += batch.rows_deleted;
  report.groups_copied += batch.groups_copied;
  return true;
}

void Compaction::Delete(const std::vector<std::string>& locations) {
  for (const std::string& location : locations) {
    // What stays is an orphan, and no more.
    if (auto gone = parts_.store.Delete(location); !gone) {
      log::Warn("file_not_deleted", {{"file", location}, {"error", gone.error().ToString()}});
    }
  }
}

Status Compaction::CountLiveFiles(const iceberg::TableIdentifier& table, CompactionReport& report) {
  K2I_ASSIGN_OR_RETURN(const auto now, parts_.catalog.LoadTable(table));
  const auto* head = now.metadata->FindRef(options_.replace.branch);
  if (head == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(const auto manifests, iceberg::ListManifests(parts_.store, *head));
  report.live_files_after = 0;
  for (const auto& manifest : manifests) {
    if (manifest.content != iceberg::ManifestFile::Content::kData) continue;
    report.live_files_after += manifest.added_files_count + manifest.existing_files_count;
  }
  return {};
}

}  // namespace k2i::maintenance
