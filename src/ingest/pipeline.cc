// SPDX-License-Identifier: Apache-2.0
#include "ingest/pipeline.h"

#include <arrow/memory_pool.h>

#include "base/logging.h"

namespace k2i::ingest {

Pipeline::Pipeline(TableStream::Parts parts, PipelineOptions options, OpenSource open_source)
    : parts_(parts),
      options_(std::move(options)),
      open_source_(std::move(open_source)),
      stream_(parts, options_.stream) {}

Pipeline::~Pipeline() { stream_.StopFlush(); }

Status Pipeline::Run(const txlog::RecoveryState& recovered, std::stop_token stop) {
  stop_ = stop;
  Status status = Start(recovered, stop);
  if (status) status = Loop(stop);
  return Shutdown(std::move(status));
}

Status Pipeline::Start(const txlog::RecoveryState& recovered, std::stop_token stop) {
  auto& committing = parts_.flushing.committing;
  K2I_ASSIGN_OR_RETURN(source_, open_source_(*this));
  RetryContext context{committing.clock, committing.random, stop, [&](const Error& error, int attempt, Duration) {
                         committing.health.Degraded("kafka", error);
                         log::Warn("waiting", {{"for", "kafka"}, {"error", error.ToString()}, {"try", attempt}});
                       }};
  K2I_ASSIGN_OR_RETURN(const auto cluster,
                       Retry(options_.stream.start_retry, std::move(context), [&] { return source_->Describe(); }));
  committing.health.Healthy("kafka");
  return stream_.Open(cluster, recovered, stop);
}

Status Pipeline::Loop(std::stop_token stop) {
  while (!stop.stop_requested()) K2I_RETURN_IF_ERROR(Step(stop));
  return {};
}

/// Wakes in time for the next seal; otherwise often enough for timers.
Duration Pipeline::PollTimeout() const {
  return stream_.has_unsealed_rows() ? options_.stream.seal_interval : Duration(std::chrono::milliseconds(50));
}

Status Pipeline::Step(std::stop_token stop) {
  auto& committing = parts_.flushing.committing;
  auto batch = source_->Poll(PollTimeout());
  if (batch) {
    failed_polls_ = 0;
    K2I_RETURN_IF_ERROR(stream_.Consume(std::move(*batch)));
  } else {
    if (!batch.error().retryable()) return std::unexpected(batch.error().In(Component::kKafka));
    committing.health.Degraded("kafka", batch.error());
    const RetryPolicy policy{.max_backoff = std::chrono::seconds(1)};
    committing.clock.SleepFor(BackoffBefore(policy, ++failed_polls_, committing.random), stop);
  }
  K2I_RETURN_IF_ERROR(stream_.Tick(memory_short_));
  K2I_RETURN_IF_ERROR(Acknowledge());
  K2I_RETURN_IF_ERROR(Regulate());
  if (committing.clock.monotonic() - last_publish_ >= options_.status_interval) Publish();
  return {};
}

/// Pauses above the high mark, resumes below the low one. Polling goes on either way, so that the group stays alive.
Status Pipeline::Regulate() {
  int64_t used = parts_.flushing.pool.bytes_allocated();
  if (const int64_t excess = options_.memory.RetainedExcess(used); excess > 0) {
    stream_.EvictRetained(excess);
    used = parts_.flushing.pool.bytes_allocated();
  }
  if (!memory_short_ && options_.memory.ShouldPause(used)) {
    memory_short_ = true;
    parts_.flushing.committing.metrics.backpressure_events.Increment();
    parts_.flushing.committing.health.Say("buffer", "full: reading is paused until a commit makes room");
    log::Warn("backpressure_on", {{"bytes", used}, {"limit_bytes", options_.memory.limit_bytes}});
  } else if (memory_short_ && (options_.memory.ShouldResume(used) || stream_.idle())) {
    // Idle: what is left is the decoder's own, and waiting would be for ever.
    memory_short_ = false;
    parts_.flushing.committing.health.Healthy("buffer");
    log::Info("backpressure_off", {{"bytes", used}});
  }
  const bool pause = memory_short_ || stream_.sample_full();
  if (pause == paused_) return {};
  K2I_RETURN_IF_ERROR(pause ? source_->Pause() : source_->Resume());
  paused_ = pause;
  return {};
}

Status Pipeline::Acknowledge() {
  const OffsetVector confirmed = stream_.TakeAcknowledgements();
  if (confirmed.empty()) return {};
  // For lag tools only: a failure is worth a line, not a stop.
  if (auto acknowledged = source_->Acknowledge(confirmed); !acknowledged) {
    log::Warn("acknowledge_failed", {{"error", acknowledged.error().ToString()}});
  }
  return {};
}

void Pipeline::Publish() {
  auto& committing = parts_.flushing.committing;
  last_publish_ = committing.clock.monotonic();
  const auto lags = source_->Lag();
  StreamStatus seen;
  parts_.status.Update([&](StreamStatus& status) {
    status.state = memory_short_ ? "paused" : stream_.sample_full() ? "inferring" : "running";
    status.buffer_bytes = parts_.flushing.pool.bytes_allocated();
    status.buffer_limit_bytes = options_.memory.limit_bytes;
    stream_.DescribeTo(status);
    status.partitions.clear();
    for (const auto& partition : stream_.tracker().partitions()) {
      const auto lag = lags.find(partition);
      status.partitions.push_back({partition, stream_.tracker().position(partition),
                                   stream_.committed().Next(partition),
                                   lag == lags.end() ? std::nullopt : std::optional(lag->second.log_end)});
    }
    seen = status;
  });
  for (const auto& [partition, lag] : lags) {
    committing.metrics.SetLag(partition, std::max<int64_t>(0, lag.log_end.value - lag.position.value));
  }
  committing.metrics.buffer_bytes.Set(static_cast<double>(seen.buffer_bytes));
  committing.metrics.buffer_records.Set(static_cast<double>(seen.buffer_rows));
  committing.metrics.oldest_uncommitted_seconds.Set(seen.oldest_uncommitted_seconds);
  PublishKafkaHealth();
  ready_ = !seen.partitions.empty();
}

void Pipeline::PublishKafkaHealth() {
  const auto error = source_->LastError();
  if (error) {
    parts_.flushing.committing.health.Say("kafka", error->ToString());
  } else if (failed_polls_ == 0) {
    parts_.flushing.committing.health.Healthy("kafka");
  }
}

Status Pipeline::Shutdown(Status reason) {
  ready_ = false;
  parts_.status.Update([](StreamStatus& status) { status.state = "stopping"; });
  // After an error nothing more is committed: what is not in the table is read again by the next start.
  Status finished = reason ? stream_.Finish(options_.shutdown_patience) : Status{};
  if (!reason) stream_.StopFlush();
  if (source_ != nullptr) {
    (void)Acknowledge();
    if (auto closed = source_->Close(); !closed) log::Warn("close_failed", {{"error", closed.error().ToString()}});
  }
  // Being asked to stop while still waiting for something at start is a clean stop.
  const bool cancelled = !reason && (reason.error().retryable() || reason.error().code == ErrorCode::kCancelled);
  if (cancelled && stop_.stop_requested()) return {};
  return reason ? finished : reason;
}

Result<OffsetVector> Pipeline::OnAssigned(const std::vector<TopicPartition>& partitions) {
  return stream_.Assign(partitions, stop_);
}

void Pipeline::OnRevoked(const std::vector<TopicPartition>& partitions) {
  log::Info("partitions_revoked", {{"count", partitions.size()}});
  stream_.Revoke(partitions, options_.revoke_patience);
}

void Pipeline::OnLost(const std::vector<TopicPartition>& partitions) {
  log::Warn("partitions_lost", {{"count", partitions.size()}});
  stream_.Revoke(partitions, Duration(0));
}

}  // namespace k2i::ingest
