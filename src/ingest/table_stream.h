// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "buffer/hot_buffer.h"
#include "ingest/dead_letter_table.h"
#include "ingest/dead_letter_views.h"
#include "ingest/flush_policy.h"
#include "ingest/flusher.h"
#include "ingest/partition_tracker.h"
#include "ingest/recovery.h"
#include "ingest/row_schema.h"
#include "ingest/stream_status.h"
#include "ingest/table_opening.h"
#include "ingest/table_views.h"
#include "record/decoder.h"

namespace k2i::ingest {

/// The way of records into one table: decode, buffer, flush. Called by the polling thread alone, which it never blocks
/// but for requests to the catalog at start and at assignment; a flush runs on the executor.
class TableStream {
 public:
  struct Parts {
    Flusher::Parts flushing;
    Executor& executor;  // this stream's alone
    SharedStatus& status;
    buffer::ViewPublisher& views;         // of the table, for queries
    buffer::ViewPublisher& letter_views;  // of the dead-letter table
  };
  struct Options {
    TableOptions table;
    RowOptions rows;
    FlushPolicy flush;
    Flusher::Options flusher;
    iceberg::TableIdentifier dead_letters;  // the table of records that cannot be decoded
    Duration seal_interval = std::chrono::milliseconds(10);
    int64_t seal_rows = 65'536;
    buffer::ViewMaker::Options views;
    /// How often the table is loaded to see what others have committed; 0: only when this process commits.
    Duration refresh_interval{0};
    /// Where partitions without a boundary do not start at their beginning: commits where they began at once, so that a
    /// process that dies before its first rows are committed leaves no gap behind.
    bool claim_starts = false;
    /// How long a catalog or broker may be away at start before the process gives up, for its supervisor to see.
    RetryPolicy start_retry{
        .max_attempts = 0, .max_backoff = std::chrono::seconds(3), .budget = std::chrono::seconds(30)};
  };

  /// `parts` must outlive this.
  TableStream(Parts parts, Options options);
  /// Waits for a flush in flight; call StopFlush before to make that short.
  ~TableStream();

  /// Finds the table, or creates it where its columns are declared; where they are to be inferred, waits for records.
  /// Resolves what an earlier process left open.
  Status Open(const kafka::ClusterInfo& cluster, const txlog::RecoveryState& recovered, std::stop_token stop);

  /// The partitions are ours: gives where to start those that the table has a boundary of.
  Result<OffsetVector> Assign(const std::vector<TopicPartition>& partitions, std::stop_token stop);
  /// Forgets their rows, but waits for their commit if one is in flight, `patience` at most.
  void Revoke(const std::vector<TopicPartition>& partitions, Duration patience);

  Status Consume(kafka::MessageBatch batch);
  /// What is due now: infer, seal, flush, take a flush's outcome. `memory_short`: flush whatever there is.
  Status Tick(bool memory_short);
  /// Lets go of committed rows that are kept for look-ups: of the oldest `bytes`.
  void EvictRetained(int64_t bytes) { views_.EvictRetained(bytes); }
  /// At the end: seals and flushes everything. Errors: as Flusher::Flush.
  Status Finish(Duration patience);
  /// Makes a flush in flight give up as soon as it can without doubt.
  void StopFlush() { hard_stop_.request_stop(); }

  /// Offsets that a commit has confirmed since the last call.
  OffsetVector TakeAcknowledgements();
  /// No more records are wanted until the schema has been inferred.
  bool sample_full() const;
  bool idle() const { return !flush_in_flight() && !buffer_.total().any; }
  bool has_unsealed_rows() const {
    return dead_letters_.unsealed() > 0 || (decoder_ != nullptr && decoder_->row_count() > 0);
  }
  const PartitionTracker& tracker() const { return tracker_; }
  const progress::Progress& committed() const { return committed_; }
  void DescribeTo(StreamStatus& status) const;

 private:
  struct FlushOutcome {
    Result<FlushResult> result;
    int64_t dead_letters;
    FlushReason reason;
    OffsetRanges ranges;
    Duration started;
  };

  Status UseTable(iceberg::LoadedTable table, std::stop_token stop);
  Status InferIfDue(bool finishing);
  Status ConsumeEnds(const kafka::MessageBatch& batch);
  Status Decode(kafka::MessageBatch batch);
  Status Seal();
  void ObserveFreshness(const buffer::Slice& slice);
  Status StartFlush(FlushReason reason);
  Status TakeOutcome();
  void RecordCommit(const FlushOutcome& outcome);
  bool flush_in_flight() const;
  bool WaitForFlush(Duration patience);
  Clock& clock() const { return parts_.flushing.committing.clock; }
  IngestMetrics& metrics() const { return parts_.flushing.committing.metrics; }
  RetryContext Patiently(std::stop_token stop, const std::string& component) const;

  Parts parts_;
  Options options_;
  kafka::ClusterInfo cluster_;
  txlog::RecoveryState recovered_;

  // Until the table is there: records to infer its columns from.
  std::vector<kafka::MessageBatch> sample_;
  int64_t sample_records_ = 0;
  std::optional<Duration> sample_started_;
  Duration next_attempt_{0};
  int attempts_ = 0;

  std::unique_ptr<record::Decoder> decoder_;
  int32_t schema_id_ = 0;  // of the table, for dead letters
  std::unique_ptr<Flusher> flusher_;
  DeadLetterTable dead_letters_;
  PartitionTracker tracker_;
  progress::Progress committed_;
  Duration last_seal_{0};
  bool claiming_ = false;  // a slice that waits tells where a partition began
  buffer::HotBuffer buffer_;
  TableViews views_;
  DeadLetterViews letter_views_;
  int64_t next_slice_ = 0;
  OffsetVector acknowledgements_;

  std::stop_source hard_stop_;
  mutable std::mutex mutex_;
  bool in_flight_ = false;               // guarded by mutex_
  std::optional<FlushOutcome> outcome_;  // guarded by mutex_
};

}  // namespace k2i::ingest
