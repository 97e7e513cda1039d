// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_table.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/logging.h"
#include "iceberg/model/arrow_schema.h"
#include "ingest/recovery_actions.h"

namespace k2i::ingest {
namespace {

/// The batch with the table's columns in the table's order; those it lacks are null.
Result<std::shared_ptr<arrow::RecordBatch>> FitRows(const arrow::RecordBatch& rows, const arrow::Schema& table,
                                                    arrow::MemoryPool& pool) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : table.fields()) {
    auto column = rows.GetColumnByName(field->name());
    if (column == nullptr) {
      auto nulls = arrow::MakeArrayOfNull(field->type(), rows.num_rows(), &pool);
      if (!nulls.ok()) return Fail(ErrorCode::kResourceExhausted, "dead letters: " + nulls.status().ToString());
      column = *nulls;
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(std::make_shared<arrow::Schema>(table), rows.num_rows(), std::move(columns));
}

Result<std::vector<buffer::SlicePtr>> FitSlices(const std::vector<buffer::SlicePtr>& slices,
                                                const iceberg::Schema& schema, arrow::MemoryPool& pool) {
  K2I_ASSIGN_OR_RETURN(const auto arrow_schema, iceberg::ToArrowSchema(schema));
  std::vector<buffer::SlicePtr> fitting;
  for (const auto& slice : slices) {
    if (slice->rows == nullptr) continue;
    auto copy = std::make_shared<buffer::Slice>(*slice);
    K2I_ASSIGN_OR_RETURN(copy->rows, FitRows(*slice->rows, *arrow_schema, pool));
    fitting.push_back(std::move(copy));
  }
  return fitting;
}

}  // namespace

OffsetRanges DeadLetterRanges(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                              const OffsetVector& boundary) {
  OffsetRanges of_letters;
  for (const auto& slice : letters) {
    for (const auto& run : slice->runs) {
      const auto range = ranges.find(run.partition);
      if (range == ranges.end()) continue;
      const auto next = boundary.find(run.partition);
      const OffsetRange wanted{next == boundary.end() ? range->second.begin : next->second, range->second.end};
      if (wanted.begin < wanted.end) of_letters[run.partition] = wanted;
    }
  }
  return of_letters;
}

RetryContext DeadLetterTable::Patiently(std::stop_token stop) const {
  auto& committing = parts_.committing;
  return {committing.clock, committing.random, std::move(stop),
          [&committing](const Error& error, int attempt, Duration) {
            committing.health.Degraded("catalog", error);
            log::Warn("waiting", {{"for", "the dead-letter table"}, {"error", error.ToString()}, {"try", attempt}});
          }};
}

Status DeadLetterTable::Open(const kafka::ClusterInfo& cluster, const txlog::RecoveryState& recovered,
                             std::stop_token stop) {
  auto& catalog = parts_.committing.catalog;
  K2I_ASSIGN_OR_RETURN(
      auto found, Retry(options_.start_retry, Patiently(stop), [&] { return FindTable(catalog, options_.table); }));
  if (!found) return {};
  const std::string name = options_.table.identifier.ToString();
  const auto metadata = found->metadata;
  const auto& committer = options_.flusher.committer;
  K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(*metadata, committer.pipeline, committer.branch));
  K2I_RETURN_IF_ERROR(CheckLogAgrees(recovered, name, *metadata, boundary.has_value()));
  K2I_RETURN_IF_ERROR(UseTable(std::move(*found), cluster));
  const auto committed = boundary ? boundary->progress : progress::Progress{};
  return ResolveLeftovers(*flusher_, parts_.log, recovered, name, *metadata, committed);
}

Status DeadLetterTable::UseTable(iceberg::LoadedTable table, const kafka::ClusterInfo& cluster) {
  const auto differences = iceberg::ExplainMismatch(record::DeadLetterSchema(), table.metadata->current_schema());
  if (!differences.empty()) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("{} is no dead-letter table; set dead_letters.table to another name: {}",
                            table.identifier.ToString(), fmt::join(differences, "; ")),
                Component::kConfig);
  }
  const auto& committer = options_.flusher.committer;
  K2I_ASSIGN_OR_RETURN(const auto boundary,
                       progress::FindBoundary(*table.metadata, committer.pipeline, committer.branch));
  if (boundary) K2I_RETURN_IF_ERROR(progress::CheckIdentity(boundary->progress, cluster));
  flusher_ = std::make_unique<Flusher>(parts_, options_.flusher, std::move(table));
  return {};
}

Status DeadLetterTable::Keep(std::span<const record::Rejected> rejected, std::optional<int32_t> schema_id) {
  if (rows_ == nullptr) {
    K2I_ASSIGN_OR_RETURN(rows_, record::DeadLetterRows::Make(&parts_.pool));
  }
  return rows_->Append(rejected, schema_id);
}

Status DeadLetterTable::Seal(Duration now) {
  if (unsealed() == 0) return {};
  K2I_ASSIGN_OR_RETURN(auto decoded, rows_->Seal());
  buffer_.Append(buffer::MakeSlice(std::move(decoded), {}, now));
  return {};
}

Result<iceberg::LoadedTable> DeadLetterTable::LoadOrCreate(std::stop_token stop) {
  auto& catalog = parts_.committing.catalog;
  return Retry(options_.flusher.committer.retry, Patiently(stop), [&]() -> Result<iceberg::LoadedTable> {
    K2I_ASSIGN_OR_RETURN(auto found, FindTable(catalog, options_.table));
    if (found) return std::move(*found);
    if (flusher_ != nullptr) {
      return Fail(ErrorCode::kNotFound,
                  fmt::format("dead-letter table {} has been dropped while K2I ran; restart K2I to make it anew",
                              options_.table.identifier.ToString()),
                  Component::kCatalog);
    }
    return CreateTable(catalog, options_.table, record::DeadLetterSchema());
  });
}

Result<int64_t> DeadLetterTable::Flush(std::vector<buffer::SlicePtr> letters, const OffsetRanges& ranges,
                                       const kafka::ClusterInfo& cluster, std::stop_token stop) {
  if (letters.empty()) return 0;
  // The newest boundary, for the partitions' last owner may have kept these letters already.
  auto table = LoadOrCreate(stop);
  if (!table) {
    if (!stop.stop_requested() || !table.error().retryable()) return std::unexpected(table.error());
    return Fail(ErrorCode::kCancelled, "stopped before dead letters were kept: " + table.error().message,
                table.error().component);
  }
  parts_.committing.health.Healthy("catalog");
  const auto& committer = options_.flusher.committer;
  K2I_ASSIGN_OR_RETURN(const auto boundary,
                       progress::FindBoundary(*table->metadata, committer.pipeline, committer.branch));
  const OffsetVector kept = boundary ? boundary->progress.Vector() : OffsetVector{};
  letters = buffer::DropBelow(letters, kept);
  FlushRequest request;
  request.ranges = DeadLetterRanges(letters, ranges, kept);
  if (request.ranges.empty()) return 0;
  if (flusher_ == nullptr) K2I_RETURN_IF_ERROR(UseTable(*table, cluster));
  K2I_ASSIGN_OR_RETURN(request.slices, FitSlices(letters, table->metadata->current_schema(), parts_.pool));
  K2I_ASSIGN_OR_RETURN(const auto result, flusher_->Flush(std::move(request), cluster, std::move(stop)));
  return result.rows;
}

}  // namespace k2i::ingest
