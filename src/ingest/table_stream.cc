// SPDX-License-Identifier: Apache-2.0
#include "ingest/table_stream.h"

#include <arrow/memory_pool.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/logging.h"
#include "ingest/adoption.h"
#include "ingest/recovery_actions.h"

namespace k2i::ingest {
namespace {

using buffer::HotBuffer;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

kafka::MessageBatch WithoutPartitions(kafka::MessageBatch batch, const std::vector<TopicPartition>& partitions) {
  std::erase_if(batch.messages, [&](const kafka::Message& message) {
    return std::any_of(partitions.begin(), partitions.end(), [&](const TopicPartition& revoked) {
      return revoked.partition == message.partition && revoked.topic == message.topic;
    });
  });
  std::erase_if(batch.ends, [&](const kafka::PartitionEnd& end) {
    return std::find(partitions.begin(), partitions.end(), end.partition) != partitions.end();
  });
  return batch;
}

/// A table of its own kind beside `table`: neither partitioned nor sorted, and made whenever it is needed, for there is
/// no other place for a record that cannot be decoded.
TableOptions DeadLetterOptions(const TableOptions& table, const iceberg::TableIdentifier& identifier) {
  return {.identifier = identifier,
          .format_version = table.format_version,
          .partition_fields = {},
          .sort_fields = {},
          .properties = {}};
}

TableViews::Options ViewOptions(const TableStream::Options& options) {
  return {.table = options.table.identifier,
          .pipeline = options.flusher.committer.pipeline,
          .branch = options.flusher.committer.branch,
          .views = options.views,
          .refresh_interval = options.refresh_interval};
}

/// Dead letters have no key to be looked up by, and do not stay once they are committed.
TableViews::Options LetterViewOptions(const TableStream::Options& options) {
  TableViews::Options views = ViewOptions(options);
  views.table = options.dead_letters;
  views.views = {};
  return views;
}

TableViews::Parts ViewParts(const TableStream::Parts& parts, buffer::ViewPublisher& views) {
  return {views, parts.flushing.pool, parts.flushing.committing.catalog, parts.executor,
          parts.flushing.committing.clock};
}

/// The commits of a table lease what queries see of it.
Flusher::Options Leasing(Flusher::Options options, const buffer::ViewPublisher& views) {
  options.committer.snapshots_in_use = [&views] { return views.pins().Held(); };
  return options;
}

HotBuffer::Usage Sum(HotBuffer::Usage rows, const HotBuffer::Usage& letters) {
  rows.rows += letters.rows;
  rows.bytes += letters.bytes;
  return rows;
}

}  // namespace

TableStream::TableStream(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      dead_letters_(parts.flushing, {.table = DeadLetterOptions(options_.table, options_.dead_letters),
                                     .flusher = Leasing(options_.flusher, parts.letter_views),
                                     .start_retry = options_.start_retry}),
      views_(ViewParts(parts, parts.views), ViewOptions(options_)),
      letter_views_(ViewParts(parts, parts.letter_views), LetterViewOptions(options_)) {
  options_.flusher = Leasing(std::move(options_.flusher), parts_.views);
}

TableStream::~TableStream() { parts_.executor.WaitUntilIdle(std::chrono::hours(1)); }

RetryContext TableStream::Patiently(std::stop_token stop, const std::string& component) const {
  auto& committing = parts_.flushing.committing;
  return {committing.clock, committing.random, std::move(stop),
          [&committing, component](const Error& error, int attempt, Duration) {
            committing.health.Degraded(component, error);
            log::Warn("waiting", {{"for", component}, {"error", error.ToString()}, {"try", attempt}});
          }};
}

Status TableStream::Open(const kafka::ClusterInfo& cluster, const txlog::RecoveryState& recovered,
                         std::stop_token stop) {
  cluster_ = cluster;
  recovered_ = recovered;
  K2I_RETURN_IF_ERROR(dead_letters_.Open(cluster, recovered, stop));
  K2I_RETURN_IF_ERROR(letter_views_.Show(dead_letters_.table()));
  auto& catalog = parts_.flushing.committing.catalog;
  K2I_ASSIGN_OR_RETURN(auto found, Retry(options_.start_retry, Patiently(stop, "catalog"),
                                         [&] { return FindTable(catalog, options_.table); }));
  K2I_ASSIGN_OR_RETURN(const auto declared, DeclaredSchema(options_.rows));
  if (!found && declared) {
    K2I_RETURN_IF_ERROR(CheckKeyColumn(*declared, options_.views.key_column));
    K2I_ASSIGN_OR_RETURN(found, Retry(options_.start_retry, Patiently(stop, "catalog"),
                                      [&] { return CreateTable(catalog, options_.table, *declared); }));
  }
  parts_.flushing.committing.health.Healthy("catalog");
  if (!found) {
    log::Info("columns_to_be_inferred", {{"table", options_.table.identifier.ToString()}});
    parts_.flushing.committing.health.Say("schema", "waiting for records to infer the columns from");
    return {};
  }
  K2I_RETURN_IF_ERROR(CheckTableFits(options_.table, declared, *found->metadata));
  return UseTable(std::move(*found), std::move(stop));
}

Status TableStream::UseTable(iceberg::LoadedTable table, std::stop_token stop) {
  const auto& schema = table.metadata->current_schema();
  K2I_RETURN_IF_ERROR(CheckKeyColumn(schema, options_.views.key_column));
  K2I_ASSIGN_OR_RETURN(const auto decoding, FitToTable(options_.rows, schema));
  K2I_ASSIGN_OR_RETURN(decoder_, record::Decoder::Make(schema, decoding, &parts_.flushing.pool));
  schema_id_ = schema.schema_id;
  const std::string name = options_.table.identifier.ToString();
  K2I_ASSIGN_OR_RETURN(const auto boundary, progress::FindBoundary(*table.metadata, options_.flusher.committer.pipeline,
                                                                   options_.flusher.committer.branch));
  K2I_RETURN_IF_ERROR(CheckLogAgrees(recovered_, name, *table.metadata, boundary.has_value()));
  K2I_RETURN_IF_ERROR(CheckSameTable(recovered_, name, *table.metadata, boundary.has_value()));
  if (boundary) {
    K2I_RETURN_IF_ERROR(progress::CheckIdentity(boundary->progress, cluster_));
    committed_ = boundary->progress;
  }
  flusher_ = std::make_unique<Flusher>(parts_.flushing, options_.flusher, table);
  const AdoptionParts adoption{*flusher_, parts_.flushing, options_.flusher.committer, cluster_, options_.start_retry};
  K2I_ASSIGN_OR_RETURN(committed_, AdoptUploads(adoption, table, committed_, recovered_, std::move(stop)));
  K2I_RETURN_IF_ERROR(ResolveLeftovers(*flusher_, parts_.flushing.log, recovered_, name, *table.metadata, committed_));
  recovered_ = {};
  K2I_RETURN_IF_ERROR(views_.Show(flusher_->table().metadata));
  parts_.flushing.committing.health.Healthy("schema");
  log::Info(
      "table_ready",
      {{"table", name}, {"location", table.metadata->location}, {"format_version", table.metadata->format_version}});
  return {};
}

Result<OffsetVector> TableStream::Assign(const std::vector<TopicPartition>& partitions, std::stop_token stop) {
  if (flusher_ != nullptr) {
    // The newest table, for the partitions' last owner may have committed since ours was loaded.
    auto& catalog = parts_.flushing.committing.catalog;
    const RetryPolicy patient{.max_attempts = 0, .budget = Duration(0)};
    K2I_ASSIGN_OR_RETURN(const auto table, Retry(patient, Patiently(stop, "catalog"),
                                                 [&] { return catalog.LoadTable(options_.table.identifier); }));
    parts_.flushing.committing.health.Healthy("catalog");
    K2I_ASSIGN_OR_RETURN(const auto boundary,
                         progress::FindBoundary(*table.metadata, options_.flusher.committer.pipeline,
                                                options_.flusher.committer.branch));
    if (boundary) {
      K2I_RETURN_IF_ERROR(progress::CheckIdentity(boundary->progress, cluster_));
      committed_ = boundary->progress;
    }
    K2I_RETURN_IF_ERROR(views_.Show(table.metadata));
  }
  K2I_ASSIGN_OR_RETURN(auto letters, dead_letters_.Assign(partitions, committed_, cluster_, stop));
  K2I_RETURN_IF_ERROR(letter_views_.Show(std::move(letters)));
  OffsetVector starts;
  for (const auto& partition : partitions) {
    const auto next = committed_.Next(partition);
    tracker_.Assign(partition, next, options_.claim_starts);
    if (next) starts[partition] = *next;
    log::Info("partition_assigned", {{"topic", partition.topic},
                                     {"partition", partition.partition.value},
                                     {"start", next ? std::to_string(next->value) : "auto_offset_reset"}});
  }
  views_.SetAssigned(tracker_.partitions());
  return starts;
}

void TableStream::Revoke(const std::vector<TopicPartition>& partitions, Duration patience) {
  // Rows still in the decoder become a slice, so that there is one place to drop them from.
  if (auto sealed = Seal(); !sealed) log::Error("seal_failed", {{"error", sealed.error().ToString()}});
  WaitForFlush(patience);
  buffer_.DropWaiting(partitions);
  views_.Drop(partitions);
  letter_views_.Drop(partitions);
  dead_letters_.Revoke(partitions);
  for (auto& batch : sample_) {
    const size_t before = batch.messages.size();
    batch = WithoutPartitions(std::move(batch), partitions);
    sample_records_ -= static_cast<int64_t>(before - batch.messages.size());
  }
  tracker_.Revoke(partitions);
  views_.SetAssigned(tracker_.partitions());
}

bool TableStream::sample_full() const { return decoder_ == nullptr && sample_records_ >= options_.rows.infer_records; }

Status TableStream::Consume(kafka::MessageBatch batch) {
  if (batch.messages.empty()) return ConsumeEnds(batch);
  metrics().messages_consumed.Increment(static_cast<double>(batch.messages.size()));
  metrics().bytes_consumed.Increment(static_cast<double>(batch.size_bytes));
  parts_.status.Update([&](StreamStatus& status) { status.consumed += static_cast<int64_t>(batch.messages.size()); });
  if (decoder_ != nullptr) return Decode(std::move(batch));
  if (!sample_started_) sample_started_ = clock().monotonic();
  sample_records_ += static_cast<int64_t>(batch.messages.size());
  sample_.push_back(std::move(batch));
  return {};
}

Status TableStream::ConsumeEnds(const kafka::MessageBatch& batch) {
  if (decoder_ != nullptr) {
    tracker_.Observe(batch);
  } else if (!sample_.empty()) {
    auto& ends = sample_.back().ends;
    ends.insert(ends.end(), batch.ends.begin(), batch.ends.end());
  }
  return {};
}

Status TableStream::Decode(kafka::MessageBatch batch) {
  std::vector<record::Rejected> rejected;
  if (decoder_->row_count() == 0) last_seal_ = clock().monotonic();
  tracker_.Observe(batch);
  K2I_RETURN_IF_ERROR(decoder_->Append(dead_letters_.WithoutKept(std::move(batch)), &rejected));
  return rejected.empty() ? Status{} : dead_letters_.Keep(rejected, schema_id_);
}

Status TableStream::InferIfDue(bool finishing) {
  const Duration now = clock().monotonic();
  const bool due =
      sample_started_ && (finishing || sample_full() || now - *sample_started_ >= options_.rows.infer_timeout);
  if (!due || sample_records_ == 0 || now < next_attempt_) return {};
  auto& committing = parts_.flushing.committing;
  auto schema = InferredSchema(options_.rows, sample_);
  if (!schema) {
    if (sample_full()) {
      return std::unexpected(schema.error().With(
          "no columns can be inferred; declare them in [schema], or choose format.value = \"raw\""));
    }
    sample_started_ = now;  // what is there tells nothing: wait for more
    return {};
  }
  K2I_RETURN_IF_ERROR(CheckKeyColumn(*schema, options_.views.key_column));
  auto table = CreateTable(committing.catalog, options_.table, *schema);
  if (!table) {
    if (!table.error().retryable()) return std::unexpected(table.error());
    committing.health.Degraded("catalog", table.error());
    next_attempt_ = now + BackoffBefore(options_.flusher.committer.retry, ++attempts_, committing.random);
    return {};
  }
  committing.health.Healthy("catalog");
  K2I_RETURN_IF_ERROR(UseTable(std::move(*table), hard_stop_.get_token()));
  // If another process made the table, it may have committed what we hold: the comparison at commit drops it then.
  for (auto& batch : std::exchange(sample_, {})) K2I_RETURN_IF_ERROR(Decode(std::move(batch)));
  return {};
}

Status TableStream::Tick(bool memory_short) {
  K2I_RETURN_IF_ERROR(TakeOutcome());
  if (decoder_ == nullptr) return InferIfDue(/*finishing=*/false);
  views_.Tick(/*may_load=*/!flush_in_flight());
  letter_views_.Tick(/*may_load=*/!flush_in_flight());
  const Duration now = clock().monotonic();
  if (decoder_->row_count() >= options_.seal_rows || now - last_seal_ >= options_.seal_interval)
    K2I_RETURN_IF_ERROR(Seal());
  if (flush_in_flight()) return {};
  const auto waiting = Sum(buffer_.waiting(), dead_letters_.buffer().waiting());
  const UncommittedRows uncommitted{.bytes = waiting.bytes,
                                    .rows = waiting.rows,
                                    .any_offsets = waiting.any,
                                    .oldest_age = waiting.oldest_sealed ? now - *waiting.oldest_sealed : Duration(0)};
  auto reason = DecideFlush(options_.flush, uncommitted, memory_short);
  if (!reason && uncommitted.any_offsets && claiming_) reason = FlushReason::kStart;
  return reason ? StartFlush(*reason) : Status{};
}

Status TableStream::Seal() {
  if (decoder_ == nullptr) return {};
  last_seal_ = clock().monotonic();
  K2I_ASSIGN_OR_RETURN(const auto letters, dead_letters_.Seal(last_seal_));
  OffsetRanges ranges = tracker_.TakeRanges();
  if (letters != nullptr) K2I_RETURN_IF_ERROR(letter_views_.Append(letters, ranges));
  claiming_ = tracker_.TakeClaimed() || claiming_;
  if (ranges.empty() && decoder_->row_count() == 0) return {};
  K2I_ASSIGN_OR_RETURN(auto decoded, decoder_->Seal());
  const auto slice = buffer::MakeSlice(std::move(decoded), std::move(ranges), last_seal_, next_slice_++);
  buffer_.Append(slice);
  views_.Append(slice);
  ObserveFreshness(*slice);
  return {};
}

void TableStream::ObserveFreshness(const buffer::Slice& slice) {
  const int64_t now_ms = clock().wall_ms();
  for (const auto& run : slice.runs) {
    if (run.max_timestamp_ms >= 0)
      metrics().freshness.Observe(static_cast<double>(std::max<int64_t>(0, now_ms - run.max_timestamp_ms)) / 1000);
  }
}

Status TableStream::StartFlush(FlushReason reason) {
  claiming_ = false;
  auto letters = dead_letters_.buffer().TakeForFlush();
  FlushRequest request;
  request.slices = buffer_.TakeForFlush();
  for (const auto& slice : request.slices) request.ranges = JoinRanges(request.ranges, slice->ranges);
  {
    std::lock_guard lock(mutex_);
    in_flight_ = true;
  }
  const Duration started = clock().monotonic();
  parts_.executor.Submit([this, request = std::move(request), letters = std::move(letters), reason, started]() mutable {
    const OffsetRanges ranges = request.ranges;
    // The letters first: the main table's boundary passes them only once they are kept.
    const auto kept = dead_letters_.Flush(letters, ranges, cluster_, hard_stop_.get_token());
    auto result = kept ? flusher_->Flush(std::move(request), cluster_, hard_stop_.get_token())
                       : Result<FlushResult>(std::unexpected(kept.error()));
    std::lock_guard lock(mutex_);
    outcome_.emplace(FlushOutcome{std::move(result), kept.value_or(0), reason, ranges, started});
    in_flight_ = false;
  });
  return {};
}

bool TableStream::flush_in_flight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

bool TableStream::WaitForFlush(Duration patience) {
  return !flush_in_flight() || parts_.executor.WaitUntilIdle(patience);
}

Status TableStream::TakeOutcome() {
  std::optional<FlushOutcome> outcome;
  {
    std::lock_guard lock(mutex_);
    outcome = std::exchange(outcome_, std::nullopt);
  }
  if (!outcome) return {};
  metrics().dead_letters.Increment(static_cast<double>(outcome->dead_letters));
  parts_.status.Update([&](StreamStatus& status) { status.dead_letters += outcome->dead_letters; });
  if (!outcome->result) {
    metrics().CountError(outcome->result.error());
    buffer_.ReturnToWaiting();
    dead_letters_.buffer().ReturnToWaiting();
    return std::unexpected(outcome->result.error());
  }
  buffer_.Retire();
  dead_letters_.buffer().Retire();
  K2I_RETURN_IF_ERROR(letter_views_.Show(dead_letters_.table()));
  const Status shown = views_.Show(outcome->result->table);
  // Freed blocks go back to the system now rather than at the allocator's leisure.
  parts_.flushing.pool.ReleaseUnused();
  committed_ = outcome->result->progress;
  for (const auto& [partition, range] : outcome->ranges) {
    if (const auto next = committed_.Next(partition)) acknowledgements_[partition] = *next;
  }
  RecordCommit(*outcome);
  return shown;
}

void TableStream::RecordCommit(const FlushOutcome& outcome) {
  const auto& result = *outcome.result;
  const double seconds = Seconds(clock().monotonic() - outcome.started);
  const int64_t now_ms = clock().wall_ms();
  parts_.status.Update([&](StreamStatus& status) {
    status.fenced_rows += result.fenced_rows;
    if (result.snapshot_id == 0) return;
    status.committed_rows += result.rows;
    status.committed_files += result.files;
    ++status.commits;
    status.last_commits.push_back({result.snapshot_id, now_ms, result.rows, result.files, result.bytes, seconds,
                                   std::string(ToString(outcome.reason))});
    if (status.last_commits.size() > StreamStatus::kLastCommits) status.last_commits.pop_front();
  });
  if (result.snapshot_id == 0) return;
  metrics().flushes.Increment();
  metrics().commits.Increment();
  metrics().rows_flushed.Increment(static_cast<double>(result.rows));
  metrics().flush_seconds.Observe(seconds);
  metrics().last_commit_timestamp.Set(static_cast<double>(now_ms) / 1000);
  log::Info("committed", {{"table", options_.table.identifier.ToString()},
                          {"snapshot_id", result.snapshot_id},
                          {"rows", result.rows},
                          {"files", result.files},
                          {"bytes", result.bytes},
                          {"seconds", seconds},
                          {"reason", ToString(outcome.reason)}});
}

Status TableStream::Finish(Duration patience) {
  const Duration deadline = clock().monotonic() + patience;
  auto wait = [&]() -> Status {
    if (!WaitForFlush(std::max(Duration(0), deadline - clock().monotonic()))) {
      StopFlush();
      WaitForFlush(std::chrono::minutes(2));
    }
    return TakeOutcome();
  };
  K2I_RETURN_IF_ERROR(wait());
  if (decoder_ == nullptr) K2I_RETURN_IF_ERROR(InferIfDue(/*finishing=*/true));
  K2I_RETURN_IF_ERROR(Seal());
  if (!buffer_.waiting().any) return {};
  K2I_RETURN_IF_ERROR(StartFlush(FlushReason::kShutdown));
  return wait();
}

OffsetVector TableStream::TakeAcknowledgements() { return std::exchange(acknowledgements_, {}); }

void TableStream::DescribeTo(StreamStatus& status) const {
  const auto usage = Sum(buffer_.total(), dead_letters_.buffer().total());
  status.buffer_rows = usage.rows + (decoder_ == nullptr ? sample_records_ : decoder_->row_count());
  status.oldest_uncommitted_seconds = usage.oldest_sealed ? Seconds(clock().monotonic() - *usage.oldest_sealed) : 0;
  status.retained_rows = views_.retained().rows;
  status.retained_bytes = views_.retained().bytes;
  status.flush_in_flight = flush_in_flight();
}

}  // namespace k2i::ingest
