// SPDX-License-Identifier: Apache-2.0
//
// ingest: the stream itself. It reads a Source, decodes, buffers, writes data files and commits them exactly once
// (design.md §4). Everything else in K2I is a part that this module wires together.
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>

#include "buffer/hot_buffer.h"
#include "ingest/table_stream.h"
#include "kafka/source.h"

namespace k2i::ingest {

struct PipelineOptions {
  TableStream::Options stream;
  buffer::MemoryBudget memory;
  Duration revoke_patience = std::chrono::seconds(20);
  /// Below the 30 s after which supervisors commonly kill.
  Duration shutdown_patience = std::chrono::seconds(25);
  Duration status_interval = std::chrono::milliseconds(500);
};

/// The stream from a Source into a table, until it is stopped or must stop. Everything happens in Run, on the thread
/// that calls it, but for flushes, which run on the executor of the stream's parts; on an InlineExecutor and fakes one
/// thread replays a whole history (design.md §9).
class Pipeline final : private kafka::RebalanceListener {
 public:
  using OpenSource = std::function<Result<std::unique_ptr<kafka::Source>>(kafka::RebalanceListener&)>;

  /// `parts` must outlive this.
  Pipeline(TableStream::Parts parts, PipelineOptions options, OpenSource open_source);
  ~Pipeline() override;

  /// Runs until `stop` is requested, then flushes, commits and leaves the group. Errors are those that waiting does not
  /// mend; their component decides the exit code.
  Status Run(const txlog::RecoveryState& recovered, std::stop_token stop);

  /// Partitions assigned, table there and not blocked.
  bool ready() const { return ready_; }

 private:
  Status Start(const txlog::RecoveryState& recovered, std::stop_token stop);
  Status Loop(std::stop_token stop);
  Status Step(std::stop_token stop);
  Status Shutdown(Status reason);
  Status Regulate();
  Status Pause(const char* why);
  Status Acknowledge();
  void Publish();
  void PublishKafkaHealth();
  Duration PollTimeout() const;

  Result<OffsetVector> OnAssigned(const std::vector<TopicPartition>& partitions) override;
  void OnRevoked(const std::vector<TopicPartition>& partitions) override;
  void OnLost(const std::vector<TopicPartition>& partitions) override;

  TableStream::Parts parts_;
  PipelineOptions options_;
  OpenSource open_source_;
  TableStream stream_;
  std::unique_ptr<kafka::Source> source_;
  std::stop_token stop_;
  bool paused_ = false;
  bool memory_short_ = false;
  int failed_polls_ = 0;
  Duration last_publish_{0};
  std::atomic<bool> ready_{false};
};

}  // namespace k2i::ingest
