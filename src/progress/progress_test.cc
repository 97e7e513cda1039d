// SPDX-License-Identifier: Apache-2.0
#include "progress/progress.h"

#include <gtest/gtest.h>

namespace k2i::progress {
namespace {

const TopicPartition kEvents0{"events", PartitionId{0}};
const TopicPartition kEvents1{"events", PartitionId{1}};

Progress MakeProgress(int64_t next0, int64_t next1) {
  Progress progress{"cluster-a", {{"events", {"topic-id", {}}}}};
  progress.Set(kEvents0, Offset{next0});
  progress.Set(kEvents1, Offset{next1});
  return progress;
}

iceberg::Snapshot MakeSnapshot(int64_t id, std::optional<int64_t> parent, std::optional<Progress> progress,
                               const std::string& pipeline = "p") {
  iceberg::Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.parent_snapshot_id = parent;
  if (progress) snapshot.summary = {{"k2i.pipeline", pipeline}, {"k2i.offsets", ProgressJson(*progress)}};
  return snapshot;
}

/// main: 1 (ours, next 10) ← 2 (ours, next 20) ← 3 (Spark's compaction)
iceberg::TableMetadata TableWithForeignHead() {
  iceberg::TableMetadata table;
  table.snapshots = {MakeSnapshot(1, std::nullopt, MakeProgress(10, 1)), MakeSnapshot(2, 1, MakeProgress(20, 2)),
                     MakeSnapshot(3, 2, std::nullopt)};
  table.refs["main"] = {.snapshot_id = 3};
  table.current_snapshot_id = 3;
  return table;
}

TEST(ProgressTest, JsonRoundTrip) {
  const Progress progress = MakeProgress(123, 456);
  EXPECT_EQ(ProgressJson(progress),
            R"({"cluster":"cluster-a","topics":{"events":{"id":"topic-id","next":{"0":123,"1":456}}},"v":1})");
  EXPECT_EQ(ParseProgress(ProgressJson(progress)).value(), progress);
}

TEST(ProgressTest, RejectsWhatItCannotRead) {
  for (const char* text : {"", "[]", "{}", R"({"v":2,"topics":{}})", R"({"v":1})", R"({"v":1,"topics":{"e":{}}})",
                           R"({"v":1,"topics":{"e":{"next":{"x":1}}}})", R"({"v":1,"topics":{"e":{"next":{"-1":1}}}})",
                           R"({"v":1,"topics":{"e":{"next":{"0":"1"}}}})"}) {
    const auto parsed = ParseProgress(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorruption) << text;
  }
}

TEST(ProgressTest, RangesRoundTrip) {
  const OffsetRanges ranges{{kEvents0, {Offset{100}, Offset{123}}}, {kEvents1, {Offset{0}, Offset{1}}}};
  EXPECT_EQ(RangesJson(ranges), R"({"events":{"0":[100,123],"1":[0,1]}})");
  EXPECT_EQ(ParseRanges(RangesJson(ranges)).value(), ranges);
  EXPECT_FALSE(ParseRanges(R"({"events":{"0":[1]}})").has_value());
}

TEST(FindBoundaryTest, TagComesFirst) {
  auto table = TableWithForeignHead();
  table.refs["k2i-p"] = {.snapshot_id = 2, .kind = iceberg::SnapshotRef::Kind::kTag};
  const auto boundary = FindBoundary(table, "p", "main").value();
  ASSERT_TRUE(boundary.has_value());
  EXPECT_EQ(boundary->origin, Boundary::Origin::kTag);
  EXPECT_EQ(boundary->progress.Next(kEvents0), Offset{20});
}

TEST(FindBoundaryTest, TagKeepsWhatExpiryCutOutOfTheAncestry) {
  auto table = TableWithForeignHead();
  erase_if(table.snapshots, [](const auto& snapshot) { return snapshot.snapshot_id == 2; });
  table.refs["k2i-p"] = {.snapshot_id = 1, .kind = iceberg::SnapshotRef::Kind::kTag};
  const auto boundary = FindBoundary(table, "p", "main").value();
  ASSERT_TRUE(boundary.has_value());
  EXPECT_EQ(boundary->origin, Boundary::Origin::kTag);
  EXPECT_EQ(boundary->progress.Next(kEvents0), Offset{10});
}

TEST(FindBoundaryTest, ATagThatTheBranchContradictsDoesNotCount) {
  // Rolled back by others: the rows of snapshot 2 are gone, and must be read again.
  auto table = TableWithForeignHead();
  table.refs["k2i-p"] = {.snapshot_id = 2, .kind = iceberg::SnapshotRef::Kind::kTag};
  table.refs["main"].snapshot_id = 1;
  EXPECT_EQ(FindBoundary(table, "p", "main").value()->progress.Next(kEvents0), Offset{10});
  // Moved by others to a snapshot before the newest: its rows must not come twice.
  table = TableWithForeignHead();
  table.refs["k2i-p"] = {.snapshot_id = 1, .kind = iceberg::SnapshotRef::Kind::kTag};
  EXPECT_EQ(FindBoundary(table, "p", "main").value()->progress.Next(kEvents0), Offset{20});
}

TEST(FindBoundaryTest, AncestryIsSearchedPastForeignSnapshots) {
  const auto boundary = FindBoundary(TableWithForeignHead(), "p", "main").value();
  ASSERT_TRUE(boundary.has_value());
  EXPECT_EQ(boundary->origin, Boundary::Origin::kAncestry);
  EXPECT_EQ(boundary->snapshot_id, 2);
  EXPECT_EQ(boundary->progress.Next(kEvents0), Offset{20});
}

TEST(FindBoundaryTest, PropertyIsTheLastResort) {
  auto table = TableWithForeignHead();
  table.snapshots = {MakeSnapshot(3, 2, std::nullopt)};  // ours have been expired
  EXPECT_FALSE(FindBoundary(table, "p", "main").value().has_value());
  table.properties["k2i.p.offsets"] = ProgressJson(MakeProgress(30, 3));
  const auto boundary = FindBoundary(table, "p", "main").value();
  ASSERT_TRUE(boundary.has_value());
  EXPECT_EQ(boundary->origin, Boundary::Origin::kProperty);
  EXPECT_EQ(boundary->progress.Next(kEvents1), Offset{3});
}

TEST(FindBoundaryTest, AnotherPipelinesSnapshotsAreForeign) {
  EXPECT_FALSE(FindBoundary(TableWithForeignHead(), "other", "main").value().has_value());
}

TEST(FindBoundaryTest, UnreadableStatementIsAnErrorNotAFreshStart) {
  auto table = TableWithForeignHead();
  table.snapshots.Edit(1).summary["k2i.offsets"] = "{";
  const auto boundary = FindBoundary(table, "p", "main");
  ASSERT_FALSE(boundary.has_value());
  EXPECT_EQ(boundary.error().code, ErrorCode::kCorruption);
  EXPECT_NE(boundary.error().message.find("snapshot 2"), std::string::npos);
}

TEST(FindBoundaryTest, CycleOfParentsEnds) {
  auto table = TableWithForeignHead();
  table.snapshots = {MakeSnapshot(3, 3, std::nullopt)};
  EXPECT_FALSE(FindBoundary(table, "p", "main").value().has_value());
}

TEST(CheckIdentityTest, RefusesAnotherClusterAndARecreatedTopic) {
  const Progress boundary = MakeProgress(1, 1);
  EXPECT_TRUE(CheckIdentity(boundary, {"cluster-a", {{"events", "topic-id"}}, {}}).has_value());
  EXPECT_TRUE(CheckIdentity(boundary, {"cluster-a", {{"events", ""}}, {}}).has_value());
  EXPECT_EQ(CheckIdentity(boundary, {"cluster-b", {}, {}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(CheckIdentity(boundary, {"cluster-a", {{"events", "new"}}, {}}).error().code, ErrorCode::kInvalidArgument);
  for (const kafka::ClusterInfo& other :
       {kafka::ClusterInfo{"cluster-b", {}, {}}, kafka::ClusterInfo{"cluster-a", {{"events", "new"}}, {}}}) {
    EXPECT_NE(CheckIdentity(boundary, other).error().message.find("`k2i offsets adopt --from earliest`"),
              std::string::npos);
  }
}

TEST(CompareRangesTest, TellsAheadBehindAndNew) {
  const Progress boundary = MakeProgress(20, 5);
  const TopicPartition fresh{"events", PartitionId{7}};
  const auto comparison = CompareRanges(
      {{kEvents0, {Offset{10}, Offset{30}}}, {kEvents1, {Offset{6}, Offset{9}}}, {fresh, {Offset{100}, Offset{101}}}},
      boundary);
  EXPECT_EQ(comparison.ahead, (OffsetVector{{kEvents0, Offset{20}}}));
  EXPECT_EQ(comparison.behind, (OffsetVector{{kEvents1, Offset{5}}}));
  EXPECT_TRUE(CompareRanges({{kEvents0, {Offset{20}, Offset{30}}}}, boundary).joins());
}

TEST(AdvanceTest, CarriesForwardWhatTheCommitDoesNotTouch) {
  const Progress next =
      Advance(MakeProgress(20, 5), {{kEvents0, {Offset{20}, Offset{30}}}}, {"cluster-a", {{"events", "topic-id"}}, {}});
  EXPECT_EQ(next, MakeProgress(30, 5));
}

TEST(DropBelowTest, CutsAndDropsRanges) {
  const OffsetRanges ranges{{kEvents0, {Offset{10}, Offset{30}}}, {kEvents1, {Offset{0}, Offset{5}}}};
  EXPECT_EQ(DropBelow(ranges, {{kEvents0, Offset{20}}, {kEvents1, Offset{5}}}),
            (OffsetRanges{{kEvents0, {Offset{20}, Offset{30}}}}));
}

}  // namespace
}  // namespace k2i::progress
