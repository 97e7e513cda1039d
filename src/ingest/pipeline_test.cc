// SPDX-License-Identifier: Apache-2.0
//
// The whole stream on fakes and one thread: a scripted cluster, a catalog and a store in memory, a manual clock.
#include "ingest/pipeline.h"

#include <arrow/compute/initialize.h>
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "io/memory_object_store_testing.h"
#include "kafka/scripted_source_testing.h"
#include "txlog/log.h"
#include "txlog/memory_log_storage_testing.h"

namespace k2i::ingest {
namespace {

const iceberg::TableIdentifier kTable{{"db"}, "events"};
const iceberg::TableIdentifier kDeadLetters{{"db"}, "events__dlq"};
const TopicPartition kP0{"events", PartitionId{0}};
const TopicPartition kP1{"events", PartitionId{1}};

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
                             .status = status_};
    stop_ = std::stop_source();
    Pipeline pipeline(parts, std::move(options),
                      [&](kafka::RebalanceListener& listener) -> Result<std::unique_ptr<kafka::Source>> {
                        const kafka::ScriptedOptions scripted{
                            .topics = {"events"}, .batch_size = 30, .assign_all = assign_all, .clock = &clock_};
                        return std::make_unique<DrivenSource>(
                            std::make_unique<kafka::ScriptedSource>(cluster_, scripted, listener), std::move(script));
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
  std::stop_source stop_;
};

TEST_F(PipelineTest, InfersCreatesCommitsAndAcknowledges) {
  Produce(0, 150);
  Produce(1, 50);
  ASSERT_TRUE(Live(Options(), StopAfter(50)).has_value());
  EXPECT_EQ(TotalRecords(), "200");
  EXPECT_EQ(Committed().Next(kP0), Offset{150});
  EXPECT_EQ(Committed().Next(kP1), Offset{50});
  EXPECT_EQ(cluster_.acknowledged(), (OffsetVector{{kP0, Offset{150}}, {kP1, Offset{50}}}));
  EXPECT_NE(Table()->current_schema().FindField("name"), nullptr);
  EXPECT_NE(Table()->current_schema().FindField("_kafka_offset"), nullptr);
}

TEST_F(PipelineTest, NextProcessGoesOnWhereTheTableEnds) {
  Produce(0, 120);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 30);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "150");
}

TEST_F(PipelineTest, LostLogLosesNothing) {
  Produce(0, 120);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  log_storage_.files.clear();
  Produce(0, 30);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "150");
}

TEST_F(PipelineTest, IdleTopicIsFlushedByAge) {
  Produce(0, 20);
  bool committed_while_idle = false;
  ASSERT_TRUE(Live(Options(), [&](kafka::ScriptedSource&, int poll) {
                if (poll == 300) {  // 50 ms each on the manual clock: beyond the five seconds
                  committed_while_idle = status_.Get().commits == 1;
                  stop_.request_stop();
                }
              }).has_value());
  EXPECT_TRUE(committed_while_idle);
  EXPECT_EQ(TotalRecords(), "20");
}

TEST_F(PipelineTest, RevokedRowsAreLeftToTheNextOwner) {
  Produce(0, 40);
  Produce(1, 40);
  auto options = Options();
  options.stream.flush.max_age = std::chrono::hours(1);
  ASSERT_TRUE(Live(options, [&](kafka::ScriptedSource& source, int poll) {
                if (poll == 20) source.Revoke({kP0});
                if (poll == 30) stop_.request_stop();
              }).has_value());
  EXPECT_EQ(Committed().Next(kP0), std::nullopt);
  EXPECT_EQ(Committed().Next(kP1), Offset{40});
  EXPECT_EQ(TotalRecords(), "40");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "80");
}

TEST_F(PipelineTest, RejectedRecordsBecomeDeadLettersAndMoveTheOffsets) {
  Produce(0, 10);
  for (int i = 0; i < 5; ++i) cluster_.Append("events", 1, "k", "not JSON");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "10");
  EXPECT_EQ(Committed().Next(kP1), Offset{5});
  EXPECT_EQ(metrics_.dead_letters.value(), 5);
  EXPECT_EQ(TotalDeadLetters(), "5");
  EXPECT_EQ(DeadLetterRanges(), R"({"events":{"1":[0,5]}})");
}

TEST_F(PipelineTest, NoDeadLetterNoTable) {
  Produce(0, 10);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(catalog_.LoadTable(kDeadLetters).error().code, ErrorCode::kNotFound);
}

TEST_F(PipelineTest, DeadLettersGoOnFromTheirOwnBoundary) {
  Produce(0, 10);
  cluster_.Append("events", 0, "k", "not JSON");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 2);
  cluster_.Append("events", 0, "k", "not JSON either");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "32");
  EXPECT_EQ(TotalDeadLetters(), "2");
  EXPECT_EQ(DeadLetterRanges(), R"({"events":{"0":[11,34]}})");
}

TEST_F(PipelineTest, DeadLettersKeptBeforeACommitThatNeverCameAreNotKeptTwice) {
  Produce(0, 10);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 10);
  cluster_.Append("events", 0, "k", "not JSON");
  // The main table refuses: its process dies with the letter kept and the rows not committed.
  int commits = 0;
  catalog_.before_commit = [&]() -> Status {
    return ++commits == 1 ? Status{} : Fail(ErrorCode::kPermissionDenied, "no", Component::kCatalog);
  };
  EXPECT_EQ(Live(Options(), StopAfter(30)).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(TotalRecords(), "10");
  EXPECT_EQ(TotalDeadLetters(), "1");
  catalog_.before_commit = {};
  cluster_.Append("events", 0, "k", "nor this");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "20");
  EXPECT_EQ(Committed().Next(kP0), Offset{22});
  EXPECT_EQ(TotalDeadLetters(), "2");
  EXPECT_EQ(DeadLetterRanges(), R"({"events":{"0":[21,22]}})");
}

TEST_F(PipelineTest, AForeignTableIsNotTakenForDeadLetters) {
  const auto foreign =
      record::SchemaFromDeclaration(std::vector<record::DeclaredColumn>{{"id", "long", true, ""}}, {}).value();
  ASSERT_TRUE(CreateTable(catalog_, {.identifier = kDeadLetters}, foreign).has_value());
  const auto status = Live(Options(), StopAfter(30));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidConfig);
  EXPECT_NE(status.error().message.find("dead_letters.table"), std::string::npos);
}

TEST_F(PipelineTest, RecordsThatTellNothingAreWaitedWithNotStoppedOn) {
  for (int i = 0; i < 5; ++i) cluster_.Append("events", 1, "k", "not JSON");
  ASSERT_TRUE(Live(Options(), [&](kafka::ScriptedSource&, int poll) {
                if (poll == 500) Produce(0, 10);  // long after the time for inference
                if (poll == 900) stop_.request_stop();
              }).has_value());
  EXPECT_EQ(TotalRecords(), "10");
  EXPECT_EQ(Committed().Next(kP1), Offset{5});
  EXPECT_EQ(metrics_.dead_letters.value(), 5);
}

TEST_F(PipelineTest, SampleWithoutAnyColumnIsAClearError) {
  for (int i = 0; i < 20; ++i) cluster_.Append("events", 1, "k", "not JSON");
  const auto done = Live(Options(), StopAfter(100));
  ASSERT_FALSE(done.has_value());
  EXPECT_NE(done.error().message.find("[schema]"), std::string::npos);
}

TEST_F(PipelineTest, ControlRecordsAndHolesAreCoveredByRanges) {
  Produce(0, 10);
  cluster_.AppendControlRecord(kP0);
  Produce(0, 5);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "15");
  EXPECT_EQ(Committed().Next(kP0), Offset{16});
}

TEST_F(PipelineTest, CatalogOutageIsWaitedForAndALostReplyDoublesNothing) {
  Produce(0, 150);
  int requests = 0;
  catalog_.before_commit = [&]() -> Status {
    if (++requests < 5) return Fail(ErrorCode::kUnavailable, "connection refused", Component::kCatalog);
    return {};
  };
  bool lost = false;
  catalog_.after_commit = [&]() -> Status {
    if (std::exchange(lost, true)) return {};
    return Fail(ErrorCode::kCommitStateUnknown, "connection reset", Component::kCatalog);
  };
  ASSERT_TRUE(Live(Options(), StopAfter(60)).has_value());
  EXPECT_EQ(TotalRecords(), "150");
}

TEST_F(PipelineTest, StoreOutageIsWaitedFor) {
  Produce(0, 150);
  int failures = 0;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op == io::StoreOp::kClose && ++failures < 4) {
      return Fail(ErrorCode::kUnavailable, "slow down", Component::kStorage);
    }
    return {};
  });
  ASSERT_TRUE(Live(Options(), StopAfter(60)).has_value());
  EXPECT_EQ(TotalRecords(), "150");
}

TEST_F(PipelineTest, RefusedStoreStopsWithItsExitCode) {
  Produce(0, 150);
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kOpenForWrite) return {};
    return Fail(ErrorCode::kPermissionDenied, "read-only file system", Component::kStorage);
  });
  const auto done = Live(Options(), StopAfter(1000));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(ExitCode(done.error()), 4);
}

TEST_F(PipelineTest, RecreatedTopicStopsTheStart) {
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  cluster_.CreateTopic("events", 2);
  Produce(0, 20);
  const auto done = Live(Options(), StopAfter(30));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(ExitCode(done.error()), 2);
  EXPECT_EQ(TotalRecords(), "20");
}

TEST_F(PipelineTest, OffsetsThatAreGoneStopTheStream) {
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 20);
  cluster_.DeleteBefore(kP0, Offset{30});
  const auto done = Live(Options(), StopAfter(30));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace k2i::ingest
