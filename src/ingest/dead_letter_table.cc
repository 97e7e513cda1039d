// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/logging.h"
#include "ingest/dead_letter_fit.h"
#include "ingest/dead_letter_reader.h"
#include "ingest/recovery_actions.h"

namespace k2i::ingest {
namespace {

Result<std::vector<buffer::SlicePtr>> FitSlices(const std::vector<buffer::SlicePtr>& slices,
                                                const iceberg::Schema& schema, arrow::MemoryPool& pool) {
  std::vector<buffer::SlicePtr> fitting;
  for (const auto& slice : slices) {
    if (slice->rows == nullptr) continue;
    auto copy = std::make_shared<buffer::Slice>(*slice);
    K2I_ASSIGN_OR_RETURN(copy->rows, FitLetters(*slice->rows, schema, pool));
    fitting.push_back(std::move(copy));
  }
  return fitting;
}

Flusher::Options FlusherOptions(Flusher::Options options) {
  // Not the boundary, but what the table holds decides which letters are dropped.
  options.drop_fenced = false;
  return options;
}

RowPositions PositionsBelow(const std::vector<buffer::SlicePtr>& letters, const OffsetVector& boundary) {
  RowPositions below;
  for (const auto& slice : letters) {
    for (const auto& run : slice->runs) {
      const auto next = boundary.find(run.partition);
      if (next == boundary.end()) continue;
      for (int64_t row = run.first_row; row < run.first_row + run.row_count; ++row) {
        const int64_t offset = slice->offsets[static_cast<size_t>(row)];
        if (offset < next->second.value) below[run.partition].insert(offset);
      }
    }
  }
  return below;
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
  K2I_ASSIGN_OR_RETURN(const auto committed, BoundaryOf(*metadata));
  K2I_RETURN_IF_ERROR(CheckLogAgrees(recovered, name, *metadata, committed != progress::Progress{}));
  K2I_RETURN_IF_ERROR(UseTable(std::move(*found), cluster));
  return ResolveLeftovers(*flusher_, parts_.log, recovered, name, *metadata, committed);
}

Result<progress::Progress> DeadLetterTable::BoundaryOf(const iceberg::TableMetadata& table) const {
  const auto& committer = options_.flusher.committer;
  K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(table, committer.pipeline, committer.branch));
  return boundary ? boundary->progress : progress::Progress{};
}

Status DeadLetterTable::UseTable(iceberg::LoadedTable table, const kafka::ClusterInfo& cluster) {
  const auto differences = iceberg::ExplainMismatch(record::DeadLetterSchema(), table.metadata->current_schema());
  if (!differences.empty()) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("{} is no dead-letter table; set dead_letters.table to another name: {}",
                            table.identifier.ToString(), fmt::join(differences, "; ")),
                Component::kConfig);
  }
  K2I_ASSIGN_OR_RETURN(const auto committed, BoundaryOf(*table.metadata));
  K2I_RETURN_IF_ERROR(progress::CheckIdentity(committed, cluster));
  flusher_ = std::make_unique<Flusher>(parts_, FlusherOptions(options_.flusher), std::move(table));
  return {};
}

Result<DeadLetterTable::TablePtr> DeadLetterTable::Assign(const std::vector<TopicPartition>& partitions,
                                                          const progress::Progress& main,
                                                          const kafka::ClusterInfo& cluster, std::stop_token stop) {
  Revoke(partitions);
  // The newest table, for the partitions' last owner may have kept letters since ours was loaded.
  const RetryPolicy patient{.max_attempts = 0, .budget = Duration(0)};
  return Retry(patient, Patiently(stop), [&]() -> Result<TablePtr> {
    K2I_ASSIGN_OR_RETURN(const auto table, FindTable(parts_.committing.catalog, options_.table));
    if (!table) return nullptr;
    K2I_ASSIGN_OR_RETURN(const auto committed, BoundaryOf(*table->metadata));
    K2I_RETURN_IF_ERROR(progress::CheckIdentity(committed, cluster));
    OffsetRanges ahead;
    for (const auto& partition : partitions) {
      const OffsetRange range{main.Next(partition).value_or(Offset{0}), committed.Next(partition).value_or(Offset{0})};
      if (range.begin < range.end) ahead[partition] = range;
    }
    if (ahead.empty()) return table->metadata;
    const auto read = ForEachPosition(
        parts_.committing.store, *table->metadata, options_.flusher.committer.branch, LetterPositionColumns(), ahead,
        parts_.pool, [this](const TopicPartition& partition, int64_t offset) { kept_[partition].insert(offset); });
    if (!read) return std::unexpected(AfterAMove(read.error(), *table->metadata));
    return table->metadata;
  });
}

/// What was read may have gone because another engine has expired it since: then the next try finds what is there now.
Error DeadLetterTable::AfterAMove(Error error, const iceberg::TableMetadata& read) const {
  if (error.code != ErrorCode::kNotFound) return error;
  const auto newest = parts_.committing.catalog.LoadTable(options_.table.identifier);
  if (!newest) return newest.error();
  const std::string& branch = options_.flusher.committer.branch;
  const auto *before = read.FindRef(branch), *now = newest->metadata->FindRef(branch);
  if (before != nullptr && now != nullptr && before->snapshot_id != now->snapshot_id) {
    error.code = ErrorCode::kUnavailable;
  }
  return error;
}

void DeadLetterTable::Revoke(const std::vector<TopicPartition>& partitions) {
  buffer_.DropWaiting(partitions);
  for (const auto& partition : partitions) kept_.erase(partition);
}

kafka::MessageBatch DeadLetterTable::WithoutKept(kafka::MessageBatch batch) {
  if (kept_.empty()) return batch;
  std::erase_if(batch.messages, [this](const kafka::Message& message) {
    const auto of_partition = kept_.find({std::string(message.topic), message.partition});
    if (of_partition == kept_.end()) return false;
    auto& offsets = of_partition->second;
    // What the stream has passed it does not meet again.
    offsets.erase(offsets.begin(), offsets.lower_bound(message.offset.value));
    const bool kept = offsets.erase(message.offset.value) > 0;
    if (offsets.empty()) kept_.erase(of_partition);
    return kept;
  });
  return batch;
}

Status DeadLetterTable::Keep(std::span<const record::Rejected> rejected, std::optional<int32_t> schema_id) {
  if (rows_ == nullptr) {
    K2I_ASSIGN_OR_RETURN(rows_, record::DeadLetterRows::Make(&parts_.pool));
  }
  return rows_->Append(rejected, schema_id);
}

Result<buffer::SlicePtr> DeadLetterTable::Seal(Duration now) {
  if (unsealed() == 0) return nullptr;
  K2I_ASSIGN_OR_RETURN(auto decoded, rows_->Seal());
  auto slice = buffer::MakeSlice(std::move(decoded), {}, now);
  buffer_.Append(slice);
  return slice;
}

DeadLetterTable::TablePtr DeadLetterTable::table() const {
  return flusher_ == nullptr ? nullptr : flusher_->table().metadata;
}

Result<iceberg::LoadedTable> DeadLetterTable::LoadOrCreate(std::stop_token stop) {
  auto& catalog = parts_.committing.catalog;
  auto table = Retry(options_.flusher.committer.retry, Patiently(stop), [&]() -> Result<iceberg::LoadedTable> {
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
  if (!table && stop.stop_requested() && table.error().retryable()) {
    return Fail(ErrorCode::kCancelled, "stopped before dead letters were kept: " + table.error().message,
                table.error().component);
  }
  return table;
}

Result<int64_t> DeadLetterTable::Flush(const std::vector<buffer::SlicePtr>& letters, const OffsetRanges& ranges,
                                       const kafka::ClusterInfo& cluster, std::stop_token stop) {
  if (letters.empty()) return 0;
  while (true) {
    K2I_ASSIGN_OR_RETURN(const auto done, TryFlush(letters, ranges, cluster, stop));
    if (done) return *done;
  }
}

Result<std::optional<int64_t>> DeadLetterTable::TryFlush(const std::vector<buffer::SlicePtr>& letters,
                                                         const OffsetRanges& ranges, const kafka::ClusterInfo& cluster,
                                                         std::stop_token stop) {
  K2I_ASSIGN_OR_RETURN(const auto table, LoadOrCreate(stop));
  parts_.committing.health.Healthy("catalog");
  if (flusher_ == nullptr) K2I_RETURN_IF_ERROR(UseTable(table, cluster));
  K2I_ASSIGN_OR_RETURN(const auto committed, BoundaryOf(*table.metadata));
  // Only below the boundary can a letter be there already: kept by a process that died before its main commit, or by
  // the partition's last owner.
  const RowPositions below = PositionsBelow(letters, committed.Vector());
  const auto kept_already = Retry(options_.flusher.committer.retry, Patiently(stop), [&] {
    return FindPositions(parts_.committing.store, *table.metadata, options_.flusher.committer.branch,
                         LetterPositionColumns(), below, parts_.pool);
  });
  if (!kept_already) {
    const Error error = AfterAMove(kept_already.error(), *table.metadata);
    // Moved on: again, with the newest table.
    if (error.code != kept_already.error().code && error.retryable() && !stop.stop_requested()) return std::nullopt;
    return std::unexpected(error);
  }
  const RowPositions& kept = *kept_already;
  const auto fresh = buffer::KeepRows(letters, [&kept](const TopicPartition& partition, int64_t offset) {
    const auto it = kept.find(partition);
    return it == kept.end() || !it->second.contains(offset);
  });
  FlushRequest request;
  request.ranges = DeadLetterRanges(fresh, ranges, committed.Vector());
  if (request.ranges.empty()) return 0;
  K2I_ASSIGN_OR_RETURN(request.slices, FitSlices(fresh, table.metadata->current_schema(), parts_.pool));
  K2I_ASSIGN_OR_RETURN(const auto result, flusher_->Flush(std::move(request), cluster, std::move(stop)));
  if (result.fenced) return std::nullopt;
  return result.rows;
}

}  // namespace k2i::ingest
