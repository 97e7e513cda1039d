// SPDX-License-Identifier: Apache-2.0
#include "progress/declaration.h"

#include <gtest/gtest.h>

namespace k2i::progress {
namespace {

const TopicPartition kEvents0{"events", PartitionId{0}};

/// main: 1 ← 2 (rewind) ← 3 (adopt), sequence numbers ten times as high.
iceberg::TableMetadata Table() {
  iceberg::TableMetadata table;
  for (int64_t id = 1; id <= 3; ++id) {
    iceberg::Snapshot snapshot;
    snapshot.snapshot_id = id;
    snapshot.sequence_number = 10 * id;
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    snapshot.summary = {{"k2i.pipeline", "p"}};
    table.snapshots.push_back(snapshot);
  }
  table.snapshots.Edit(1).summary["k2i.rewind"] = R"({"events":{"0":[20,12]}})";
  table.snapshots.Edit(2).summary["k2i.adopt"] = "{}";
  table.refs["main"] = {.snapshot_id = 3};
  return table;
}

const Declaration kRewind{.snapshot_id = 2, .sequence_number = 20, .moved = {{kEvents0, {Offset{20}, Offset{12}}}}};
const Declaration kAdopt{.snapshot_id = 3, .sequence_number = 30, .moved = {}, .adopted = true};

TEST(DeclarationTest, SnapshotsAndPropertySayItOnce) {
  auto table = Table();
  EXPECT_EQ(ReadDeclarations(table, "p", "main").value(), (std::vector{kRewind, kAdopt}));
  EXPECT_TRUE(ReadDeclarations(table, "other", "main").value().empty());
  table.properties["k2i.p.declared"] = DeclarationsJson({kAdopt, kRewind});
  EXPECT_EQ(ReadDeclarations(table, "p", "main").value(), (std::vector{kRewind, kAdopt}));
}

TEST(DeclarationTest, ThePropertyOutlivesTheSnapshot) {
  auto table = Table();
  table.properties["k2i.p.declared"] = DeclarationsJson({kRewind, kAdopt});
  erase_if(table.snapshots, [](const auto& snapshot) { return snapshot.snapshot_id <= 2; });
  EXPECT_EQ(ReadDeclarations(table, "p", "main").value(), (std::vector{kRewind, kAdopt}));
}

TEST(DeclarationTest, WhatWasRolledBackIsNotDeclared) {
  auto table = Table();
  table.properties["k2i.p.declared"] = DeclarationsJson({kRewind, kAdopt});
  table.refs["main"].snapshot_id = 2;
  EXPECT_EQ(ReadDeclarations(table, "p", "main").value(), std::vector{kRewind});
}

TEST(DeclarationTest, RefusesWhatItCannotRead) {
  auto table = Table();
  table.properties["k2i.p.declared"] = "{}";
  EXPECT_EQ(ReadDeclarations(table, "p", "main").error().code, ErrorCode::kCorruption);
  table.properties["k2i.p.declared"] = R"([{"snapshot":"x"}])";
  EXPECT_EQ(ReadDeclarations(table, "p", "main").error().code, ErrorCode::kCorruption);
  table = Table();
  table.snapshots.Edit(1).summary["k2i.rewind"] = "{";
  EXPECT_EQ(ReadDeclarations(table, "p", "main").error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace k2i::progress
