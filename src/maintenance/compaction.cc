// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/logging.h"
#include "iceberg/update/snapshot_writer.h"
#include "maintenance/carried_progress.h"
#include "maintenance/live_files.h"

namespace k2i::maintenance {
namespace {

constexpr int64_t kDefaultTarget = int64_t{256} << 20;
/// Rows in memory take about so many times the bytes they take in a file; sorting checks the true size as it reads.
constexpr int64_t kExpansion = 4;

int64_t TargetOf(const iceberg::TableMetadata& table, const CompactionPolicy& policy) {
  if (policy.target_bytes > 0) return policy.target_bytes;
  const std::string text = table.PropertyOr("write.target-file-size-bytes", "");
  int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && bytes > 0 ? bytes : kDefaultTarget;
}

Status CheckVersion(const iceberg::TableMetadata& table) {
  if (table.format_version == 2) return {};
  return Fail(
      ErrorCode::kNotSupported,
      fmt::format("the table is of format version {}: {}", table.format_version,
                  table.format_version < 2
                      ? "upgrade it to 2 to compact it"
                      : "its row ids (row lineage) cannot be carried into new files yet, so it is not compacted"),
      Component::kCatalog);
}

}  // namespace

/// One plan and the table it was made on.
struct Compaction::Pass {
  iceberg::LoadedTable table;
  const iceberg::Snapshot* head = nullptr;
  iceberg::SnapshotFiles files;
  CompactionPolicy policy;
  CompactionPlan plan;

  const iceberg::TableMetadata& metadata() const { return *table.metadata; }
  std::vector<const iceberg::DataFile*> FilesOf(const CompactionGroup& group) const {
    std::vector<const iceberg::DataFile*> found;
    for (const size_t file : group.files) found.push_back(&files.data[file].data_file);
    return found;
  }
};

/// Groups that are committed together.
struct Compaction::Batch {
  std::vector<iceberg::DataFile> removed;
  std::vector<iceberg::ReplacementFile> added;
  std::vector<std::string> locations;
  int64_t bytes = 0, rows = 0;
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
      result =
          Fail(ErrorCode::kCommitConflict, "others changed the files to be compacted each time", Component::kCatalog);
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
  Pass pass;
  K2I_ASSIGN_OR_RETURN(pass.table, parts_.catalog.LoadTable(table));
  K2I_RETURN_IF_ERROR(CheckVersion(pass.metadata()));
  pass.head = pass.metadata().FindRef(options_.replace.branch);
  if (pass.head == nullptr) return true;  // nothing has been written yet
  K2I_RETURN_IF_ERROR(PlanPass(pass, report));
  if (options_.dry_run) return true;
  return Execute(pass, stop, report);
}

Status Compaction::PlanPass(Pass& pass, CompactionReport& report) {
  const iceberg::TableMetadata& table = pass.metadata();
  K2I_ASSIGN_OR_RETURN(pass.files, ReadLiveFiles(parts_.store, table, *pass.head));
  pass.policy = options_.policy;
  pass.policy.target_bytes = TargetOf(table, options_.policy);
  pass.policy.max_files -= report.files_removed;
  if (!CurrentSortOrder(table).fields.empty()) {
    pass.policy.max_group_bytes = std::min(pass.policy.max_group_bytes, options_.memory_bytes / 3 / kExpansion);
  }
  K2I_ASSIGN_OR_RETURN(pass.policy.barriers, AdoptionBarriers(table, options_.replace.branch));
  pass.plan =
      PlanCompaction(DescribeFiles(table, pass.files), table.default_spec_id, pass.head->sequence_number, pass.policy);
  progress_ = {.groups = pass.plan.groups.size()};
  for (const auto& group : pass.plan.groups) progress_.bytes += group.bytes;
  if (report.planned_on != 0) return {};
  report.planned_on = pass.head->snapshot_id;
  report.target_bytes = pass.policy.target_bytes;
  report.live_files_before = static_cast<int64_t>(pass.files.data.size());
  for (const auto& entry : pass.files.data) report.live_bytes_before += entry.data_file.file_size_in_bytes;
  report.small_with_deletes = pass.plan.with_deletes;
  report.small_not_rewritable = pass.plan.not_rewritable;
  for (const auto& group : pass.plan.groups) {
    GroupReport said{.partition = {},
                     .files = static_cast<int64_t>(group.files.size()),
                     .bytes = group.bytes,
                     .rows = group.rows,
                     .old_spec = group.old_spec};
    if (!group.old_spec) {
      const auto& first = pass.files.data[group.files.front()].data_file;
      K2I_ASSIGN_OR_RETURN(said.partition,
                           iceberg::PartitionPath(table.default_spec(), table.current_schema(), first.partition));
    }
    report.groups.push_back(std::move(said));
  }
  return {};
}

/// False: the plan was stale.
Result<bool> Compaction::Execute(Pass& pass, std::stop_token stop, CompactionReport& report) {
  RewriterOptions rewriting{.target_bytes = pass.policy.target_bytes,
                            .memory_bytes = options_.memory_bytes,
                            .on_progress = [this](int64_t bytes) {
                              progress_.bytes_done += bytes;
                              if (options_.on_progress) options_.on_progress(progress_);
                            }};
  GroupRewriter rewriter(parts_.store, pass.metadata(), std::move(rewriting), rate_, parts_.pool);
  Batch batch;
  for (size_t i = 0; i < pass.plan.groups.size(); ++i) {
    if (Status rewritten = RewriteInto(batch, pass, i, rewriter, stop, report); !rewritten) {
      Delete(batch.locations);
      return std::unexpected(rewritten.error());
    }
    ++progress_.groups_done;
    const bool last = i + 1 == pass.plan.groups.size();
    if (batch.removed.empty() || (!last && batch.bytes < options_.commit_bytes)) continue;
    K2I_ASSIGN_OR_RETURN(const bool committed, Commit(batch, pass, stop, report));
    if (!committed) return false;
    batch = {};
  }
  return true;
}

Status Compaction::RewriteInto(Batch& batch, const Pass& pass, size_t index, GroupRewriter& rewriter,
                               std::stop_token stop, CompactionReport& report) {
  const CompactionGroup& group = pass.plan.groups[index];
  const auto inputs = pass.FilesOf(group);
  auto written = rewriter.Run(inputs, parts_.random.Uuid(), stop);
  if (!written && written.error().code == ErrorCode::kNotSupported) {
    report.skipped.push_back(written.error().message);
    return {};
  }
  if (!written) return std::unexpected(written.error());
  if (!group.old_spec && written->files.size() >= inputs.size()) {
    ++report.groups_not_fewer;
    Delete(written->locations);
    return {};
  }
  for (const auto* file : inputs) batch.removed.push_back(*file);
  for (auto& file : written->files) batch.added.push_back({std::move(file), group.sequence_number});
  std::ranges::move(written->locations, std::back_inserter(batch.locations));
  batch.bytes += group.bytes;
  batch.rows += written->rows;
  return {};
}

/// False: the plan was stale.
Result<bool> Compaction::Commit(Batch& batch, const Pass& pass, std::stop_token stop, CompactionReport& report) {
  const int64_t snapshot_id = parts_.random.PositiveInt64();
  iceberg::Rewrite rewrite(parts_.store, {.snapshot_id = snapshot_id,
                                          .branch = options_.replace.branch,
                                          .commit_uuid = parts_.random.Uuid(),
                                          .planned_sequence_number = pass.head->sequence_number,
                                          .removed = batch.removed,
                                          .added = batch.added,
                                          .summary = {}});
  ReplaceCommit commit({parts_.catalog, parts_.clock, parts_.random}, options_.replace);
  const auto outcome = commit.Run(
      pass.table, snapshot_id,
      [&](const iceberg::TableMetadata& base, int64_t now_ms) { return rewrite.Prepare(base, now_ms); }, stop);
  const bool unreferenced = outcome ? !outcome->snapshot_id && outcome->files_unreferenced
                                    : outcome.error().code != ErrorCode::kCommitStateUnknown;
  if (unreferenced) {
    Delete(batch.locations);
    Delete(rewrite.written());
  }
  if (!outcome) return std::unexpected(outcome.error());
  report.conflicts += outcome->conflicts;
  if (!outcome->snapshot_id) {
    log::Info("compaction_plan_stale", {{"table", pass.table.identifier.ToString()}, {"reason", outcome->reason}});
    return false;
  }
  ++report.commits;
  report.newest_snapshot = snapshot_id;
  report.files_removed += static_cast<int64_t>(batch.removed.size());
  report.files_added += static_cast<int64_t>(batch.added.size());
  for (const auto& file : batch.removed) report.bytes_removed += file.file_size_in_bytes;
  for (const auto& each : batch.added) report.bytes_added += each.file.file_size_in_bytes;
  report.rows += batch.rows;
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
