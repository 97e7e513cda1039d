// SPDX-License-Identifier: Apache-2.0
#include "progress/boundary_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::progress {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TopicPartition kEvents0{"events", PartitionId{0}};
const TopicPartition kEvents1{"events", PartitionId{1}};
const OffsetRanges kLogs{{kEvents0, {Offset{3}, Offset{50}}}, {kEvents1, {Offset{0}, Offset{60}}}};

Progress Vector(int64_t next0, int64_t next1) {
  Progress progress{"c", {{"events", {"t", {}}}}};
  progress.Set(kEvents0, Offset{next0});
  progress.Set(kEvents1, Offset{next1});
  return progress;
}

/// main: 1 (a user's) ← 2 (ours: 10, 5) ← 3 (a compaction) ← 4 (ours: 20, 5)
iceberg::TableMetadata Table() {
  iceberg::TableMetadata table;
  for (int64_t id = 1; id <= 4; ++id) {
    iceberg::Snapshot snapshot;
    snapshot.snapshot_id = id;
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    if (id % 2 == 0) {
      snapshot.summary = {
          {"k2i.pipeline", "p"}, {"added-records", "7"}, {"k2i.offsets", ProgressJson(Vector(id == 2 ? 10 : 20, 5))}};
    }
    table.snapshots.push_back(snapshot);
  }
  table.refs["main"] = {.snapshot_id = 4};
  table.refs["k2i-p"] = {.snapshot_id = 4, .kind = iceberg::SnapshotRef::Kind::kTag};
  table.properties["k2i.p.offsets"] = ProgressJson(Vector(20, 5));
  return table;
}

TEST(PlanRollBackTest, GoesBackToAnAncestorOfOursOrOfOthers) {
  const auto to_ours = PlanRollBack(Table(), "p", "main", 2).value();
  EXPECT_EQ(to_ours.branch_to, 2);
  EXPECT_EQ(to_ours.tag_to, 2);
  EXPECT_EQ(to_ours.next, Vector(10, 5));
  EXPECT_THAT(to_ours.effects, ElementsAre("snapshot 4 leaves the table: 7 rows, which are read again",
                                           "snapshot 3 leaves the table: 0 rows that are not of this pipeline"));
  const auto to_compaction = PlanRollBack(Table(), "p", "main", 3).value();
  EXPECT_EQ(to_compaction.branch_to, 3);
  EXPECT_EQ(to_compaction.tag_to, 2);
  EXPECT_EQ(to_compaction.next, Vector(10, 5));
}

TEST(PlanRollBackTest, RefusesWhatIsNoWayBack) {
  EXPECT_THAT(PlanRollBack(Table(), "p", "main", 4).error().message, HasSubstr("already"));
  EXPECT_THAT(PlanRollBack(Table(), "p", "main", 9).error().message, HasSubstr("not in the history"));
  EXPECT_THAT(PlanRollBack(Table(), "p", "main", 1).error().message, HasSubstr("no boundary"));
}

TEST(PlanMoveTest, TakesTheConsentThatFits) {
  const auto back = PlanMove(Vector(20, 5), kEvents0, Offset{12}, {.duplicates = true}).value();
  EXPECT_EQ(back.next, Vector(12, 5));
  EXPECT_EQ(back.moved, (OffsetRanges{{kEvents0, {Offset{20}, Offset{12}}}}));
  EXPECT_EQ(PlanMove(Vector(20, 5), kEvents0, Offset{30}, {.gap = true})->next, Vector(30, 5));
  EXPECT_THAT(PlanMove(Vector(20, 5), kEvents0, Offset{12}, {.gap = true}).error().message,
              HasSubstr("--allow-duplicates"));
  EXPECT_THAT(PlanMove(Vector(20, 5), kEvents0, Offset{30}, {.duplicates = true}).error().message,
              HasSubstr("--allow-gap"));
  EXPECT_FALSE(PlanMove(Vector(20, 5), kEvents0, Offset{20}, {true, true}).has_value());
  EXPECT_FALSE(PlanMove(Vector(20, 5), kEvents0, Offset{-1}, {true, true}).has_value());
  EXPECT_FALSE(PlanMove(Vector(20, 5), {"events", PartitionId{7}}, Offset{1}, {true, true}).has_value());
}

TEST(PlanAdoptionTest, NothingToAdoptWhereAllFits) {
  const kafka::ClusterInfo same{"c", {{"events", "t"}}, {}};
  EXPECT_EQ(PlanAdoption(Vector(20, 5), same, kLogs, {.from = AdoptFrom::kEarliest}).value(), std::nullopt);
}

TEST(PlanAdoptionTest, ATopicMadeAnewStartsWhereItIsSaid) {
  const kafka::ClusterInfo remade{"c", {{"events", "new"}}, {}};
  const auto next = [&](const Adoption& adoption) {
    return PlanAdoption(Vector(20, 5), remade, kLogs, adoption).value()->next;
  };
  const auto expected = [](int64_t next0, int64_t next1) {
    Progress progress = Vector(next0, next1);
    progress.topics["events"].topic_id = "new";
    return progress;
  };
  EXPECT_EQ(next({.from = AdoptFrom::kEarliest, .offsets = {}}), expected(3, 0));
  EXPECT_EQ(next({.from = AdoptFrom::kLatest, .offsets = {}}), expected(50, 60));
  EXPECT_EQ(next({.from = AdoptFrom::kKeep, .offsets = {}}), expected(20, 5));
  EXPECT_EQ(next({.from = AdoptFrom::kLatest, .offsets = {{kEvents0, Offset{7}}}}), expected(7, 60));
  const auto unsaid = PlanAdoption(Vector(20, 5), remade, kLogs, {.from = {}, .offsets = {{kEvents0, Offset{7}}}});
  EXPECT_THAT(unsaid.error().message, HasSubstr("where events/1 goes on"));
  EXPECT_FALSE(PlanAdoption(Vector(20, 5), remade, kLogs,
                            {.from = AdoptFrom::kLatest, .offsets = {{{"other", PartitionId{0}}, Offset{7}}}})
                   .has_value());
}

TEST(PlanAdoptionTest, TopicsThatAreStillTheSameKeepTheirOffsets) {
  Progress boundary = Vector(20, 5);
  boundary.topics["orders"] = {"o", {{0, 99}}};
  const kafka::ClusterInfo remade{"c", {{"events", "new"}, {"orders", "o"}}, {}};
  const auto change = PlanAdoption(boundary, remade, kLogs, {.from = AdoptFrom::kEarliest, .offsets = {}}).value();
  EXPECT_EQ(change->next.topics.at("orders"), boundary.topics.at("orders"));
  EXPECT_EQ(change->left, boundary);
}

TEST(PlanAdoptionTest, AnotherClusterLeavesNothingAndAMissingBoundaryIsMade) {
  Progress boundary = Vector(20, 5);
  boundary.topics["gone"] = {"g", {{0, 99}}};
  const kafka::ClusterInfo other{"d", {{"events", "t"}}, {}};
  const auto change = PlanAdoption(boundary, other, kLogs, {.from = AdoptFrom::kKeep, .offsets = {}}).value();
  Progress expected = Vector(20, 5);
  expected.cluster_id = "d";
  EXPECT_EQ(change->next, expected);

  const auto made = PlanAdoption(std::nullopt, other, kLogs, {.from = AdoptFrom::kLatest, .offsets = {}}).value();
  EXPECT_EQ(made->next.Next(kEvents1), Offset{60});
  EXPECT_EQ(made->next.cluster_id, "d");
  EXPECT_THAT(PlanAdoption(std::nullopt, other, kLogs, {.from = AdoptFrom::kKeep, .offsets = {}}).error().message,
              HasSubstr("no boundary to keep"));
}

TEST(PlanResetTest, ForgetsEveryOffsetAndSaysWhatWasThere) {
  EXPECT_FALSE(PlanReset(std::nullopt).has_value());
  EXPECT_FALSE(PlanReset(Boundary{}).has_value());
  const Progress before{"c", {{"events", {"t", {{0, 5}, {1, 7}}}}}};
  const auto change = PlanReset(Boundary{.progress = before});
  ASSERT_TRUE(change.has_value());
  EXPECT_TRUE(change->next.Vector().empty());
  EXPECT_EQ(change->left, before);
  EXPECT_EQ(change->effects.size(), 2u);
}

}  // namespace
}  // namespace k2i::progress
