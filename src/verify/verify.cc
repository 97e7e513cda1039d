// SPDX-License-Identifier: Apache-2.0
#include "verify/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "iceberg/scan/scan.h"
#include "verify/data_pass.h"
#include "verify/files.h"
#include "verify/history.h"
#include "verify/position_check.h"

namespace k2i::verify {
namespace {

/// Broken or missing metadata is what verify is to tell; the rest is what keeps it from telling.
bool IsDamage(const Error& error) { return error.code == ErrorCode::kNotFound || error.code == ErrorCode::kCorruption; }

class Run {
 public:
  Run(io::ObjectStore& store, const iceberg::LoadedTable& table, const Options& options, arrow::MemoryPool* pool)
      : store_(store), metadata_(*table.metadata), options_(options), pool_(pool) {
    report_.table = table.identifier.ToString();
    report_.table_uuid = metadata_.table_uuid;
    report_.pipeline = options.pipeline;
    report_.branch = options.branch;
  }

  Result<Report> Check() {
    history_ = ReadHistory(metadata_, options_.pipeline, options_.branch, report_.findings);
    K2I_RETURN_IF_ERROR(FindCommitted());
    CheckContinuity(history_, report_.findings);
    CheckRefs(metadata_, options_.pipeline, options_.branch, options_.property_mirror, history_, report_.findings);
    DescribeHistory();
    K2I_RETURN_IF_ERROR(CheckSnapshots());
    K2I_RETURN_IF_ERROR(CheckLiveFiles());
    return std::move(report_);
  }

 private:
  Status FindCommitted();
  Status NothingOfOurs() const;
  void DescribeHistory();
  Status CheckSnapshots();
  Status CheckLiveFiles();
  Status ReadData(const iceberg::SnapshotFiles& files);

  io::ObjectStore& store_;
  const iceberg::TableMetadata& metadata_;
  const Options& options_;
  arrow::MemoryPool* pool_;
  Report report_;
  History history_;
  progress::Progress committed_;  // the newest vector
  std::vector<int64_t> committed_rows_;
};

Status Run::NothingOfOurs() const {
  std::set<std::string> others;
  for (const auto& statement : history_.statements) {
    if (!statement.pipeline.empty()) others.insert(statement.pipeline);
  }
  return Fail(ErrorCode::kNotFound,
              fmt::format("branch '{}' of table {} holds nothing of pipeline '{}' (kafka.group_id){}", options_.branch,
                          report_.table, options_.pipeline,
                          others.empty() ? "" : fmt::format("; there are snapshots of {}", fmt::join(others, ", "))),
              Component::kCatalog);
}

Status Run::FindCommitted() {
  if (history_.statements.empty()) {
    report_.findings.Note("empty", {}, "the branch has no snapshot yet: nothing has been committed");
    return {};
  }
  if (const Statement* newest = history_.newest()) {
    committed_ = newest->progress;
    report_.newest_snapshot_id = newest->snapshot->snapshot_id;
    return {};
  }
  if (std::ranges::any_of(history_.statements, &Statement::ours)) return {};  // unreadable: a finding
  const auto boundary = progress::FindBoundary(metadata_, options_.pipeline, options_.branch);
  if (!boundary || !*boundary) return NothingOfOurs();
  committed_ = (*boundary)->progress;
  report_.findings.Unchecked("history", {(*boundary)->snapshot_id},
                             "the pipeline's snapshots have been expired; only the newest vector is left");
  return {};
}

void Run::DescribeHistory() {
  report_.complete_history = history_.complete;
  for (const Statement& statement : history_.statements) {
    ++(statement.ours ? report_.our_snapshots : report_.foreign_snapshots);
  }
  if (!history_.complete && !history_.statements.empty()) {
    report_.findings.Unchecked("history", {history_.statements.front().snapshot->snapshot_id},
                               "snapshots before this one have been expired: how they joined cannot be checked");
  }
  for (const auto& [partition, next] : committed_.Vector()) {
    PartitionSpan span{.partition = partition, .from = std::nullopt, .next = next, .rows = std::nullopt};
    for (const Statement& statement : history_.statements) {
      const auto range = statement.ranges.find(partition);
      if (range == statement.ranges.end()) continue;
      span.from = range->second.begin;
      break;
    }
    report_.partitions.push_back(std::move(span));
  }
}

Status Run::CheckSnapshots() {
  for (const Statement& statement : history_.statements) {
    const auto changes = iceberg::ListChanges(store_, metadata_, *statement.snapshot);
    if (!changes && !IsDamage(changes.error())) return std::unexpected(changes.error());
    committed_rows_.push_back(changes ? RowsOf(changes->added_data) : 0);
    if (changes) {
      CheckChanges(statement, *changes, options_.allow_deletes, report_.findings);
    } else {
      report_.findings.Problem("unreadable", {statement.snapshot->snapshot_id}, changes.error().message);
    }
  }
  return {};
}

Status Run::CheckLiveFiles() {
  if (history_.statements.empty()) return {};
  const Statement& head = history_.statements.back();
  auto files = iceberg::PlanFiles(store_, metadata_, *head.snapshot);
  if (!files) {
    if (!IsDamage(files.error())) return std::unexpected(files.error());
    report_.findings.Problem("unreadable", {head.snapshot->snapshot_id}, files.error().message);
    return {};
  }
  // Oldest first, so that what comes again later is what is blamed.
  std::ranges::stable_sort(files->data, {}, &iceberg::ManifestEntry::sequence_number);
  report_.data_files = static_cast<int64_t>(files->data.size());
  report_.delete_files = static_cast<int64_t>(files->deletes.size());
  for (const auto& entry : files->data) report_.data_bytes += entry.data_file.file_size_in_bytes;
  if (files->deletes.empty()) {
    report_.rows = RowsOf(files->data);
  } else {
    report_.findings.Unchecked("delete-files", {},
                               fmt::format("{} delete files: which rows they delete is not looked at, so rows are not "
                                           "counted or added up",
                                           files->deletes.size()));
  }
  CheckReferences(files->data, report_.findings);
  CheckTotals(head, *files, report_.findings);
  return ReadData(*files);
}

Status Run::ReadData(const iceberg::SnapshotFiles& files) {
  DataPass pass(store_, metadata_, options_, pool_, report_.findings);
  auto declarations = progress::ReadDeclarations(metadata_, options_.pipeline, options_.branch);
  if (!declarations) {
    report_.findings.Problem("unreadable", {}, declarations.error().message);
    declarations.emplace();
  }
  std::optional<PositionColumns> columns;
  std::optional<PositionCheck> positions;
  if (options_.deep) columns = PositionColumns::Find(metadata_, options_, committed_, report_.findings);
  if (columns) {
    const auto findings = report_.findings.Of(Severity::kUnchecked);
    const bool removed = std::ranges::any_of(findings, [](const Finding& f) { return f.kind == "deleted-rows"; });
    positions.emplace(PositionCheck::Options{.history = history_,
                                             .committed = committed_,
                                             .declarations = *declarations,
                                             .committed_rows = committed_rows_,
                                             .rows_deleted = removed || !files.deletes.empty()});
    pass.WantPositions(*columns, *positions);
  }
  std::optional<ColumnSums> sums;
  if (options_.sums && files.deletes.empty()) pass.WantSums(sums.emplace(metadata_.current_schema()));
  K2I_ASSIGN_OR_RETURN(const bool whole, pass.Run(files.data));
  if (positions) {
    positions->Finish(report_.findings);
    report_.deep = Report::Deep{.rows = positions->rows(),
                                .rows_without_position = positions->rows_without_position(),
                                .declared_repeats = positions->declared_repeats()};
    const auto rows = positions->RowsByPartition();
    for (PartitionSpan& span : report_.partitions) {
      if (const auto found = rows.find(span.partition); found != rows.end()) span.rows = found->second;
    }
  }
  // Sums of some of the rows would be taken for sums of all.
  if (sums && whole) report_.sums = sums->Result();
  return {};
}

}  // namespace

Result<Report> Verify(io::ObjectStore& store, const iceberg::LoadedTable& table, const Options& options,
                      arrow::MemoryPool* pool) {
  return Run(store, table, options, pool).Check();
}

}  // namespace k2i::verify
