// SPDX-License-Identifier: Apache-2.0
#include "ingest/pipeline.h"

#include <gtest/gtest.h>

#include "ingest/pipeline_fixture_testing.h"

namespace k2i::ingest {
namespace {

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

TEST_F(PipelineTest, FromTheLatestOnNothingIsLostBeforeTheFirstRowsAreCommitted) {
  // The table is there, as after a first start that read nothing.
  ASSERT_TRUE(CreateTable(catalog_, {.identifier = kTable},
                          record::SchemaFromDeclaration(std::vector<record::DeclaredColumn>{{"id", "long", false, ""}},
                                                        record::DecoderOptions{.extra_column = "_extra"})
                              .value())
                  .has_value());
  offset_reset_ = kafka::OffsetReset::kLatest;
  auto options = Options();
  options.stream.claim_starts = true;
  options.stream.flush.max_age = std::chrono::hours(1);
  Produce(0, 20);
  // Starts at 20 and dies with five rows that no commit has.
  EXPECT_FALSE(Live(options, [&](kafka::ScriptedSource& source, int poll) {
                 if (poll == 20) Produce(0, 5);
                 if (poll == 30) source.FailNextPoll({ErrorCode::kInternal, "dead", Component::kKafka});
               }).has_value());
  EXPECT_EQ(Committed().Next(kP0), Offset{20});
  EXPECT_EQ(Committed().Next(kP1), Offset{0});
  ASSERT_TRUE(Live(options, StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "5");
  EXPECT_EQ(Committed().Next(kP0), Offset{25});
}

}  // namespace
}  // namespace k2i::ingest
