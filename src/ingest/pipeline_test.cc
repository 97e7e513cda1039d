// SPDX-License-Identifier: Apache-2.0
#include "ingest/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "buffer/lookup.h"
#include "iceberg/scan/scan.h"
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

// What orphan clean-up does after a day, whoever runs it: files that no snapshot refers to go, whatever they are to be.
TEST_F(PipelineTest, WhatOrphanCleanUpTakesDuringALongOutageIsWrittenAnew) {
  int rows = 0;
  for (const auto code : {ErrorCode::kUnavailable, ErrorCode::kCommitStateUnknown}) {
    SCOPED_TRACE(ToString(code));
    Produce(0, 100);
    rows += 100;
    const auto known = store_.locations();
    int requests = 0;
    catalog_.before_commit = [&]() -> Status {
      if (++requests > 1) return {};
      clock_.Advance(std::chrono::hours(25));
      for (const auto& location : store_.locations()) {
        if (std::ranges::binary_search(known, location)) continue;
        EXPECT_TRUE(store_.Delete(location).has_value());
      }
      return Fail(code, "no answer", Component::kCatalog);
    };
    ASSERT_TRUE(Live(Options(), StopAfter(60)).has_value());
    EXPECT_EQ(TotalRecords(), std::to_string(rows));
    const auto files = iceberg::PlanFiles(store_, *Table(), *Table()->FindRef("main")).value();
    for (const auto& file : files.data) EXPECT_TRUE(store_.Exists(file.data_file.file_path));
    // Of the first writing nothing is left that a later start would see to.
    EXPECT_TRUE(txlog::Log::Open(log_storage_, {}, clock_).value().state.flushes.empty());
  }
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

// At each entry of a flush in turn: FlushStarted, FileStarted, FileWritten, CommitIntent, CommitDone.
TEST_F(PipelineTest, AFullDiskUnderTheLogPausesFlushingUntilThereIsRoom) {
  Produce(0, 150);
  for (int at = 1; at <= 5; ++at) {
    SCOPED_TRACE(at);
    int appends = 0, refused = 0;
    log_storage_.fault = [&](std::string_view operation) -> Status {
      if (operation != "append" || ++appends < at || refused == 8) return {};
      ++refused;
      EXPECT_EQ(health_.Report().at("txlog").has_value(), refused > 1);
      return Fail(ErrorCode::kResourceExhausted, "no space left on device", Component::kTransactionLog);
    };
    Produce(0, 150);
    ASSERT_TRUE(Live(Options(), StopAfter(60)).has_value());
    EXPECT_EQ(refused, 8);
    EXPECT_FALSE(health_.Report().at("txlog").has_value());
    EXPECT_EQ(TotalRecords(), std::to_string(150 + 150 * at));
  }
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

/// What a view holds, held against what the snapshot it names says.
struct Seen {
  int64_t committed_rows = 0;  // by the snapshot's own count
  int64_t hot_rows = 0;
  int64_t retained_rows = 0;
  int64_t end = 0;  // over all partitions
  explicit Seen(const buffer::View& view) {
    if (view.snapshot_id) {
      const auto* snapshot = view.table->FindSnapshot(*view.snapshot_id);
      committed_rows = std::stoll(snapshot->summary.at("total-records"));
      EXPECT_EQ(progress::ParseProgress(snapshot->summary.at("k2i.offsets"))->Vector(), view.committed);
    }
    for (const auto& slice : view.slices) hot_rows += slice->row_count();
    for (const auto& slice : view.retained) retained_rows += slice->row_count();
    for (const auto& [partition, next] : view.end) end += next.value;
  }
};

TEST_F(PipelineTest, EveryViewIsTheSnapshotAndTheRowsAfterIt) {
  Produce(0, 20);
  auto options = Options();
  options.stream.views.retain_for = std::chrono::seconds(60);
  options.stream.seal_rows = 1;
  buffer::ViewPtr last;
  int views = 0;
  int64_t most_retained = 0;
  ASSERT_TRUE(Live(options, [&](kafka::ScriptedSource& source, int poll) {
                if (const auto view = views_.Current(); view != last && view != nullptr) {
                  const Seen seen(*view);
                  EXPECT_EQ(seen.committed_rows + seen.hot_rows, seen.end) << "at poll " << poll;
                  most_retained = std::max(most_retained, seen.retained_rows);
                  EXPECT_LE(seen.retained_rows, seen.committed_rows);
                  last = view;
                  ++views;
                }
                Produce(poll % 2, 7);
                if (poll == 40) source.Revoke({kP0});
                if (poll == 50) source.Assign({kP0});
                if (poll == 100) stop_.request_stop();
              }).has_value());
  EXPECT_GT(views, 50);
  EXPECT_GT(most_retained, 100);
  const Seen at_the_end(*views_.Current());
  EXPECT_EQ(at_the_end.hot_rows, 0);
  EXPECT_EQ(std::to_string(at_the_end.committed_rows), TotalRecords());
  EXPECT_EQ(views_.Current()->end, Committed().Vector());
}

TEST_F(PipelineTest, RowsAreLookedUpByKeyAndPosition) {
  Produce(0, 40);
  auto options = Options();
  options.stream.flush.max_rows = 30;
  options.stream.views = {.retain_for = std::chrono::seconds(60), .key_column = "id"};
  buffer::ViewPtr view;
  ASSERT_TRUE(Live(options, [&](kafka::ScriptedSource&, int poll) {
                if (poll == 20) cluster_.Append("events", 1, "k", R"({"id":2,"name":"b"})", 1'700'000'000'000);
                if (poll == 30) view = views_.Current();
                if (poll == 30) stop_.request_stop();
              }).has_value());
  ASSERT_FALSE(view->retained.empty());
  EXPECT_EQ(buffer::FindByKey(*view, "1", /*all=*/true)->size(), 40u);
  const auto newest = buffer::FindByKey(*view, "2", /*all=*/false).value();
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].partition(), kP1);
  EXPECT_TRUE(buffer::FindByPosition(*view, kP0, Offset{39}).has_value());
  EXPECT_FALSE(buffer::FindByPosition(*view, kP0, Offset{40}).has_value());
}

TEST_F(PipelineTest, AKeyColumnThatIsNoneStopsBeforeTheTableIsMade) {
  Produce(0, 40);
  auto options = Options();
  options.stream.views.key_column = "nothing";
  const auto done = Live(options, StopAfter(30));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidConfig);
  EXPECT_NE(done.error().message.find("no column 'nothing'"), std::string::npos);
  EXPECT_FALSE(catalog_.LoadTable(kTable).has_value());
}

TEST_F(PipelineTest, RetainedRowsGiveWayBeforeReadingIsPaused) {
  Produce(0, 2000);
  auto options = Options();
  options.stream.views.retain_for = std::chrono::hours(1);
  options.memory.limit_bytes = 1;  // whatever is committed is too much
  options.memory.high = 1e12;
  ASSERT_TRUE(Live(options, StopAfter(90)).has_value());
  EXPECT_EQ(TotalRecords(), "2000");
  EXPECT_EQ(metrics_.backpressure_events.value(), 0);
  EXPECT_EQ(status_.Get().retained_rows, 0);
}

TEST_F(PipelineTest, ViewsFollowWhatOtherProcessesCommit) {
  Produce(0, 20);
  auto options = Options();
  options.stream.flush.max_age = std::chrono::hours(1);
  options.stream.refresh_interval = std::chrono::seconds(1);
  buffer::ViewPtr before, during, after;
  ASSERT_TRUE(
      Live(
          options,
          [&](kafka::ScriptedSource& source, int poll) {
            if (poll == 1) source.Assign({kP0});
            if (poll == 20) {
              before = views_.Current();
              TableCommitter others({catalog_, store_, clock_, random_, metrics_, health_},
                                    {.pipeline = "p", .version = "other"}, *catalog_.LoadTable(kTable),
                                    [](const CommitIntentRecord&) { return Status{}; });
              EXPECT_TRUE(
                  others.Commit({.flush_id = "f", .ranges = {{kP1, {Offset{0}, Offset{40}}}}}, *source.Describe(), {})
                      .has_value());
              catalog_.before_load = [] { return Fail(ErrorCode::kTimeout, "away", Component::kCatalog); };
            }
            if (poll == 60) {
              during = views_.Current();
              catalog_.before_load = nullptr;
            }
            if (poll == 100) {
              after = views_.Current();
              stop_.request_stop();
            }
          },
          /*assign_all=*/false)
          .has_value());
  ASSERT_NE(before, nullptr);
  EXPECT_EQ(before->snapshot_id, std::nullopt);
  EXPECT_EQ(Seen(*before).hot_rows, 20);
  EXPECT_EQ(during, before);
  EXPECT_EQ(after->end, (OffsetVector{{kP0, Offset{20}}, {kP1, Offset{40}}}));
  EXPECT_EQ(after->committed, (OffsetVector{{kP1, Offset{40}}}));
  EXPECT_NE(after->snapshot_id, std::nullopt);
  EXPECT_EQ(Seen(*after).hot_rows, 20);
}

}  // namespace
}  // namespace k2i::ingest
