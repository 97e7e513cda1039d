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
  EXPECT_FALSE(CheckLogAgrees(state, "db.t", TableWith({}), false).has_value());
  auto recreated = TableWith({});
  recreated.table_uuid = "another";
  EXPECT_TRUE(CheckLogAgrees(state, "db.t", recreated, false).has_value());
}

}  // namespace
}  // namespace k2i::ingest
