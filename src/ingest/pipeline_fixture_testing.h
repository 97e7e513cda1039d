// SPDX-License-Identifier: Apache-2.0
//
// The whole stream on fakes and one thread: a scripted cluster, a catalog and a store in memory, a manual clock.
#pragma once

#include <arrow/compute/initialize.h>
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "ingest/pipeline.h"
#include "io/memory_object_store_testing.h"
#include "kafka/scripted_source_testing.h"
#include "txlog/log.h"
#include "txlog/memory_log_storage_testing.h"

namespace k2i::ingest {
inline const iceberg::TableIdentifier kTable{{"db"}, "events"};
inline const iceberg::TableIdentifier kDeadLetters{{"db"}, "events__dlq"};
inline const TopicPartition kP0{"events", PartitionId{0}};
inline const TopicPartition kP1{"events", PartitionId{1}};

/// Calls a script before each poll.
class DrivenSource final : public kafka::Source {
 public:
  using Script = std::function<void(kafka::ScriptedSource&, int poll)>;
  DrivenSource(std::unique_ptr<kafka::ScriptedSource> inner, Script script)
      : inner_(std::move(inner)), script_(std::move(script)) {}
  Result<kafka::MessageBatch> Poll(Duration timeout) override {
    script_(*inner_, ++polls_);
    return inner_->Poll(timeout);
  }
  Status Pause() override { return inner_->Pause(); }
  Status Resume() override { return inner_->Resume(); }
  Status Acknowledge(const OffsetVector& next) override { return inner_->Acknowledge(next); }
  Result<kafka::ClusterInfo> Describe() override { return inner_->Describe(); }
  std::map<TopicPartition, kafka::PartitionLag> Lag() override { return inner_->Lag(); }
  std::optional<Error> LastError() const override { return inner_->LastError(); }
  Status Close() override { return inner_->Close(); }

 private:
  std::unique_ptr<kafka::ScriptedSource> inner_;
  Script script_;
  int polls_ = 0;
};

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(arrow::compute::Initialize().ok());
    cluster_.CreateTopic("events", 2);
  }

  void Produce(int partition, int count) {
    for (int i = 0; i < count; ++i)
      cluster_.Append("events", partition, "k", R"({"id":1,"name":"a"})", 1'700'000'000'000);
  }

  PipelineOptions Options() const {
    PipelineOptions options;
    options.memory.limit_bytes = 1 << 30;
    options.stream.table.identifier = kTable;
    options.stream.dead_letters = kDeadLetters;
    options.stream.rows.infer_records = 10;
    options.stream.flush = {.max_bytes = 1 << 28, .max_rows = 100, .max_age = std::chrono::seconds(5)};
    options.stream.flusher.committer = {.pipeline = "p", .version = "test"};
    return options;
  }

  /// One process' life: from start, until the script (called before each poll) stops it.
  Status Live(PipelineOptions options, DrivenSource::Script script, bool assign_all = true) {
    auto opened = txlog::Log::Open(log_storage_, {}, clock_).value();
    InlineExecutor executor;
    TableStream::Parts parts{.flushing = {.committing = {catalog_, store_, clock_, random_, metrics_, health_},
                                          .log = *opened.log,
                                          .pool = *arrow::default_memory_pool()},
                             .executor = executor,
                             .status = status_,
                             .views = views_,
                             .letter_views = letter_views_};
    stop_ = std::stop_source();
    Pipeline pipeline(
        parts, std::move(options), [&](kafka::RebalanceListener& listener) -> Result<std::unique_ptr<kafka::Source>> {
          const kafka::ScriptedOptions scripted{.topics = {"events"},
                                                .offset_reset = offset_reset_,
                                                .batch_size = 30,
                                                .assign_all = assign_all,
                                                .report_ends = offset_reset_ == kafka::OffsetReset::kLatest,
                                                .clock = &clock_};
          return std::make_unique<DrivenSource>(std::make_unique<kafka::ScriptedSource>(cluster_, scripted, listener),
                                                std::move(script));
        });
    return pipeline.Run(opened.state, stop_.get_token());
  }
  DrivenSource::Script StopAfter(int polls) {
    return [this, polls](kafka::ScriptedSource&, int poll) {
      if (poll == polls) stop_.request_stop();
    };
  }

  std::shared_ptr<const iceberg::TableMetadata> Table() { return catalog_.LoadTable(kTable)->metadata; }
  std::string TotalRecords() { return Table()->FindRef("main")->summary.at("total-records"); }
  std::shared_ptr<const iceberg::TableMetadata> DeadLetters() { return catalog_.LoadTable(kDeadLetters)->metadata; }
  std::string TotalDeadLetters() { return DeadLetters()->FindRef("main")->summary.at("total-records"); }
  std::string DeadLetterRanges() { return DeadLetters()->FindRef("main")->summary.at("k2i.ranges"); }
  progress::Progress Committed() { return progress::FindBoundary(*Table(), "p", "main").value()->progress; }

  kafka::OffsetReset offset_reset_ = kafka::OffsetReset::kEarliest;
  ManualClock clock_;
  Random random_{7};
  io::MemoryObjectStore store_{&clock_};
  iceberg::MemoryCatalog catalog_{clock_, random_};
  txlog::MemoryLogStorage log_storage_;
  kafka::ScriptedCluster cluster_;
  MetricsRegistry registry_;
  IngestMetrics metrics_{registry_, "db.events"};
  ComponentHealth health_{metrics_};
  SharedStatus status_;
  buffer::ViewPublisher views_;
  buffer::ViewPublisher letter_views_;
  std::stop_source stop_;
};

}  // namespace k2i::ingest
