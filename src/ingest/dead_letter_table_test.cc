// SPDX-License-Identifier: Apache-2.0
#include "ingest/dead_letter_table.h"

#include <gtest/gtest.h>

#include "ingest/dead_letter_replay.h"
#include "ingest/pipeline_fixture_testing.h"

namespace k2i::ingest {
namespace {

class DeadLetterTest : public PipelineTest {
 protected:
  /// A record whose key is no text: rejected while the key has a column, and a row once it has none.
  void ProduceBadKey(int partition) {
    cluster_.Append("events", partition, "\xff", R"({"id":1,"name":"a"})", 1'700'000'000'000);
  }
  PipelineOptions WithoutKeyColumn() const {
    auto options = Options();
    options.stream.rows.decoder.metadata.key = "";
    return options;
  }
  /// A life in which the main table refuses every commit: what dead letters there are have been kept by then.
  void DieBetweenTheCommits(PipelineOptions options) {
    int commits = 0;
    catalog_.before_commit = [&]() -> Status {
      return ++commits == 1 ? Status{} : Fail(ErrorCode::kPermissionDenied, "no", Component::kCatalog);
    };
    EXPECT_EQ(Live(std::move(options), StopAfter(30)).error().code, ErrorCode::kPermissionDenied);
    catalog_.before_commit = {};
  }
  Result<ReplayReport> Replay(PipelineOptions options, bool dry_run = false) {
    const ReplayOptions replay{.table = kTable,
                               .dead_letters = kDeadLetters,
                               .flusher = options.stream.flusher,
                               .rows = options.stream.rows,
                               .positions = {"_kafka_topic", "_kafka_partition", "_kafka_offset"},
                               .filter = {},
                               .dry_run = dry_run};
    return ReplayDeadLetters({catalog_, store_, clock_, random_, metrics_, health_}, *arrow::default_memory_pool(),
                             replay, {});
  }
};

TEST_F(DeadLetterTest, RejectedRecordsBecomeDeadLettersAndMoveTheOffsets) {
  Produce(0, 10);
  for (int i = 0; i < 5; ++i) cluster_.Append("events", 1, "k", "not JSON");
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "10");
  EXPECT_EQ(Committed().Next(kP1), Offset{5});
  EXPECT_EQ(metrics_.dead_letters.value(), 5);
  EXPECT_EQ(TotalDeadLetters(), "5");
  EXPECT_EQ(DeadLetterRanges(), R"({"events":{"1":[0,5]}})");
}

TEST_F(DeadLetterTest, NoDeadLetterNoTable) {
  Produce(0, 10);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(catalog_.LoadTable(kDeadLetters).error().code, ErrorCode::kNotFound);
}

TEST_F(DeadLetterTest, DeadLettersGoOnFromTheirOwnBoundary) {
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

TEST_F(DeadLetterTest, DeadLettersKeptBeforeACommitThatNeverCameAreNotKeptTwice) {
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

TEST_F(DeadLetterTest, AForeignTableIsNotTakenForDeadLetters) {
  const auto foreign =
      record::SchemaFromDeclaration(std::vector<record::DeclaredColumn>{{"id", "long", true, ""}}, {}).value();
  ASSERT_TRUE(CreateTable(catalog_, {.identifier = kDeadLetters}, foreign).has_value());
  const auto status = Live(Options(), StopAfter(30));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidConfig);
  EXPECT_NE(status.error().message.find("dead_letters.table"), std::string::npos);
}

TEST_F(DeadLetterTest, ARecordThatIsKeptIsNoRowEvenIfItCouldBeDecodedNow) {
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  Produce(0, 5);
  ProduceBadKey(0);
  Produce(0, 5);
  DieBetweenTheCommits(Options());
  ASSERT_EQ(TotalDeadLetters(), "1");
  ASSERT_EQ(TotalRecords(), "20");
  ASSERT_TRUE(Live(WithoutKeyColumn(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "30");
  EXPECT_EQ(Committed().Next(kP0), Offset{31});
  EXPECT_EQ(TotalDeadLetters(), "1");
}

TEST_F(DeadLetterTest, ARecordThatIsNotKeptIsKeptStillIfItCannotBeDecodedAnyMore) {
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  ProduceBadKey(0);
  cluster_.Append("events", 0, "k", "not JSON");
  DieBetweenTheCommits(WithoutKeyColumn());
  ASSERT_EQ(TotalDeadLetters(), "1");
  Produce(0, 3);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "23");
  EXPECT_EQ(Committed().Next(kP0), Offset{25});
  EXPECT_EQ(TotalDeadLetters(), "2");
}

TEST_F(DeadLetterTest, ReplayAddsWhatFitsNowAndOnlyOnce) {
  Produce(0, 20);
  ProduceBadKey(0);
  cluster_.Append("events", 0, "k", "not JSON");
  ProduceBadKey(1);
  Produce(1, 3);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  ASSERT_EQ(TotalRecords(), "23");
  ASSERT_EQ(TotalDeadLetters(), "3");
  const auto before = Committed();

  const auto dry = Replay(WithoutKeyColumn(), /*dry_run=*/true).value();
  EXPECT_EQ(dry.replayed, 2);
  EXPECT_EQ(TotalRecords(), "23");

  const auto report = Replay(WithoutKeyColumn()).value();
  EXPECT_EQ(report.letters, 3);
  EXPECT_EQ(report.replayed, 2);
  EXPECT_EQ(report.still_rejected, 1);
  EXPECT_EQ(report.reasons.size(), 1);
  EXPECT_EQ(report.snapshots.size(), 1);
  EXPECT_EQ(TotalRecords(), "25");
  EXPECT_EQ(Committed(), before);

  const auto again = Replay(WithoutKeyColumn()).value();
  EXPECT_EQ(again.already_there, 2);
  EXPECT_EQ(again.replayed, 0);
  EXPECT_EQ(TotalRecords(), "25");
  // The stream goes on behind it.
  Produce(0, 5);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  EXPECT_EQ(TotalRecords(), "30");
}

TEST_F(DeadLetterTest, AReplayWhoseReplyIsLostIsFoundAndAnotherReplayInBetweenIsSeen) {
  Produce(0, 20);
  ProduceBadKey(0);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  // Another replay commits just before ours does.
  int commits = 0;
  catalog_.before_commit = [&]() -> Status {
    if (++commits > 1) return {};
    EXPECT_EQ(Replay(WithoutKeyColumn())->replayed, 1);
    return {};
  };
  const auto report = Replay(WithoutKeyColumn());
  ASSERT_TRUE(report.has_value()) << report.error().ToString();
  EXPECT_EQ(report->replayed, 0);
  EXPECT_EQ(report->already_there, 1);
  EXPECT_EQ(TotalRecords(), "21");
}

TEST_F(DeadLetterTest, LettersThatTheStreamHasNotPassedAreLeftToIt) {
  Produce(0, 20);
  ASSERT_TRUE(Live(Options(), StopAfter(30)).has_value());
  ProduceBadKey(0);
  DieBetweenTheCommits(Options());
  const auto report = Replay(WithoutKeyColumn()).value();
  EXPECT_EQ(report.not_yet_passed, 1);
  EXPECT_EQ(report.replayed, 0);
}

TEST(DeadLetterRangesTest, GoFromTheirOwnBoundaryToTheMainRangesEnd) {
  auto slice = std::make_shared<buffer::Slice>();
  slice->runs = {{.partition = kP0, .first_row = 0, .row_count = 1}};
  slice->offsets = {15};
  const OffsetRanges main{{kP0, {Offset{10}, Offset{20}}}, {kP1, {Offset{0}, Offset{9}}}};
  EXPECT_EQ(DeadLetterRanges({slice}, main, {}), (OffsetRanges{{kP0, {Offset{10}, Offset{20}}}}));
  EXPECT_EQ(DeadLetterRanges({slice}, main, {{kP0, Offset{3}}}), (OffsetRanges{{kP0, {Offset{3}, Offset{20}}}}));
  EXPECT_EQ(DeadLetterRanges({slice}, main, {{kP0, Offset{12}}}), (OffsetRanges{{kP0, {Offset{12}, Offset{20}}}}));
  EXPECT_EQ(DeadLetterRanges({}, main, {}), OffsetRanges{});
}

}  // namespace
}  // namespace k2i::ingest
