// SPDX-License-Identifier: Apache-2.0
#include "ingest/recovery.h"

#include <gtest/gtest.h>

namespace k2i::ingest {
namespace {

txlog::RecoveryState StateWithFlush(bool with_intent) {
  txlog::RecoveryState state;
  txlog::OpenFlush flush{.flush_id = "f", .table = "db.t", .started = {"a.parquet", "b.parquet"}};
  if (with_intent) flush.intent = txlog::CommitIntent{"f", "uuid", 42, std::nullopt};
  state.flushes["f"] = flush;
  return state;
}

iceberg::TableMetadata TableWith(std::vector<int64_t> snapshot_ids) {
  iceberg::TableMetadata table;
  table.table_uuid = "uuid";
  for (const int64_t id : snapshot_ids) table.snapshots.push_back({.snapshot_id = id});
  return table;
}

TEST(RecoveryTest, IntentIsResolvedFromTheTable) {
  const auto plan = PlanRecovery(StateWithFlush(true), "db.t", TableWith({41, 42}));
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_TRUE(plan[0].committed);
  EXPECT_EQ(plan[0].snapshot_id, 42);
  EXPECT_TRUE(plan[0].files.empty());
}

TEST(RecoveryTest, UncommittedFilesAreToBeDeletedEvenUnfinishedOnes) {
  for (const bool with_intent : {false, true}) {
    const auto plan = PlanRecovery(StateWithFlush(with_intent), "db.t", TableWith({41}));
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_FALSE(plan[0].committed);
    EXPECT_EQ(plan[0].files, (std::vector<std::string>{"a.parquet", "b.parquet"}));
  }
}

TEST(RecoveryTest, OtherTablesAreLeftAlone) {
  EXPECT_TRUE(PlanRecovery(StateWithFlush(true), "db.other", TableWith({42})).empty());
}

TEST(RecoveryTest, LostBoundaryStopsTheStart) {
  txlog::RecoveryState state;
  state.tables["db.t"] = {.table_uuid = "uuid", .snapshot_id = 42};
  EXPECT_TRUE(CheckLogAgrees(state, "db.t", TableWith({}), true).has_value());
  const auto lost = CheckLogAgrees(state, "db.t", TableWith({}), false);
  ASSERT_FALSE(lost.has_value());
  EXPECT_NE(lost.error().message.find("`k2i offsets adopt --from earliest`"), std::string::npos);
  auto recreated = TableWith({});
  recreated.table_uuid = "another";
  EXPECT_TRUE(CheckLogAgrees(state, "db.t", recreated, false).has_value());
}

iceberg::TableMetadata TableWithHistory(std::vector<std::pair<int64_t, std::string>> flushes) {
  iceberg::TableMetadata table;
  std::optional<int64_t> parent;
  for (const auto& [id, flush] : flushes) {
    table.snapshots.push_back({.snapshot_id = id, .parent_snapshot_id = parent, .summary = {{"k2i.flush-id", flush}}});
    parent = id;
  }
  if (parent) table.refs["main"] = {.snapshot_id = *parent};
  return table;
}

// Found by the simulator (seed 1013): a request that lands between a start's look at the table and its first commit.
TEST(RecoveryTest, AFlushMayHaveLandedSinceItsBase) {
  const auto table = TableWithHistory({{1, "a"}, {2, "f"}, {3, "b"}});
  EXPECT_TRUE(MayHaveLanded(table, "main", 1, "f"));
  EXPECT_TRUE(MayHaveLanded(table, "main", std::nullopt, "f"));
  EXPECT_FALSE(MayHaveLanded(table, "main", 2, "f"));
  EXPECT_FALSE(MayHaveLanded(table, "main", 1, "other"));
  EXPECT_FALSE(MayHaveLanded(table, "main", std::nullopt, "other"));
  EXPECT_TRUE(MayHaveLanded(TableWithHistory({}), "main", 1, "f"));
}

TEST(RecoveryTest, WhatHasBeenExpiredMayHaveBeenTheFlush) {
  auto table = TableWithHistory({{1, "a"}, {2, "f"}, {3, "b"}});
  erase_if(table.snapshots, [](const auto& snapshot) { return snapshot.snapshot_id == 2; });
  EXPECT_TRUE(MayHaveLanded(table, "main", 1, "f"));
  EXPECT_FALSE(MayHaveLanded(table, "main", 3, "f"));
}

TEST(RecoveryTest, ATableMadeAnewStopsTheStartUntilItHasABoundary) {
  txlog::RecoveryState state;
  state.tables["db.t"] = {.table_uuid = "uuid", .snapshot_id = 42};
  auto recreated = TableWith({});
  EXPECT_TRUE(CheckSameTable(state, "db.t", recreated, false).has_value());
  recreated.table_uuid = "another";
  EXPECT_TRUE(CheckSameTable(state, "db.t", recreated, true).has_value());
  EXPECT_TRUE(CheckSameTable(state, "db.other", recreated, false).has_value());
  const auto remade = CheckSameTable(state, "db.t", recreated, false);
  ASSERT_FALSE(remade.has_value());
  EXPECT_EQ(remade.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(remade.error().message.find("`k2i offsets adopt --from earliest`"), std::string::npos);
}

}  // namespace
}  // namespace k2i::ingest
