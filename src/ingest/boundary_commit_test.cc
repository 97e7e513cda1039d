// SPDX-License-Identifier: Apache-2.0
#include "ingest/boundary_commit.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "io/memory_object_store_testing.h"

namespace k2i::ingest {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using progress::Boundary;

const TopicPartition kP0{"events", PartitionId{0}};
const iceberg::TableIdentifier kTable{{"db"}, "events"};

class BoundaryCommitTest : public testing::Test {
 protected:
  BoundaryCommitTest() {
    iceberg::CreateTableRequest request;
    request.schema.type = Type::Struct({{.name = "id", .type = Type::Primitive(TypeId::kLong)}});
    EXPECT_TRUE(catalog_.CreateTable(kTable, request).has_value());
    // A boundary of its own, by adoption.
    first_ = Adopt(Vector(20)).value().value();
  }

  static progress::Progress Vector(int64_t next) { return {"c", {{"events", {"t", {{0, next}}}}}}; }

  BoundaryCommit Committer() { return {{catalog_, store_, clock_, random_}, {.pipeline = "p", .version = "test"}}; }
  Result<std::optional<int64_t>> Adopt(const progress::Progress& next) {
    return Committer().Run(kTable, [&](const auto&, const auto& boundary) {
      progress::BoundaryChange change;
      change.next = next;
      change.left = boundary ? boundary->progress : progress::Progress{};
      return std::optional(change);
    });
  }
  Result<std::optional<int64_t>> Move(int64_t to) {
    return Committer().Run(
        kTable,
        [&](const auto&, const std::optional<Boundary>& boundary) -> Result<std::optional<progress::BoundaryChange>> {
          K2I_ASSIGN_OR_RETURN(auto change, progress::PlanMove(boundary->progress, kP0, Offset{to}, {true, true}));
          return change;
        });
  }
  Result<std::optional<int64_t>> RollBack(int64_t target) {
    return Committer().Run(
        kTable,
        [&](const iceberg::TableMetadata& table, const auto&) -> Result<std::optional<progress::BoundaryChange>> {
          K2I_ASSIGN_OR_RETURN(auto change, progress::PlanRollBack(table, "p", "main", target));
          return change;
        });
  }
  std::shared_ptr<const iceberg::TableMetadata> Table() { return catalog_.LoadTable(kTable)->metadata; }
  Boundary Found() { return progress::FindBoundary(*Table(), "p", "main").value().value(); }
  std::vector<progress::Declaration> Declared() { return progress::ReadDeclarations(*Table(), "p", "main").value(); }

  ManualClock clock_;
  Random random_{1};
  io::MemoryObjectStore store_;
  iceberg::MemoryCatalog catalog_{clock_, random_};
  int64_t first_ = 0;
};

TEST_F(BoundaryCommitTest, AMoveIsAnEmptySnapshotThatDeclaresItself) {
  const int64_t id = Move(12).value().value();
  EXPECT_EQ(Found().snapshot_id, id);
  EXPECT_EQ(Found().origin, Boundary::Origin::kTag);
  EXPECT_EQ(Found().progress, Vector(12));
  const auto& summary = Table()->FindSnapshot(id)->summary;
  EXPECT_EQ(summary.at("k2i.ranges"), "{}");
  EXPECT_EQ(summary.at("k2i.rewind"), R"({"events":{"0":[20,12]}})");
  EXPECT_FALSE(summary.contains("added-records"));
  EXPECT_EQ(Table()->properties.at("k2i.p.offsets"), progress::ProgressJson(Vector(12)));
  ASSERT_EQ(Declared().size(), 2u);
  EXPECT_TRUE(Table()->properties.at("k2i.p.declared").find(std::to_string(id)) != std::string::npos);
}

TEST_F(BoundaryCommitTest, ARollBackTakesBranchTagPropertyAndDeclarationsBack) {
  ASSERT_TRUE(Move(12).has_value());
  EXPECT_EQ(RollBack(first_).value(), first_);
  EXPECT_EQ(Table()->FindRef("main")->snapshot_id, first_);
  EXPECT_EQ(Found().snapshot_id, first_);
  EXPECT_EQ(Found().origin, Boundary::Origin::kTag);
  EXPECT_EQ(Found().progress, Vector(20));
  EXPECT_EQ(Table()->properties.at("k2i.p.offsets"), progress::ProgressJson(Vector(20)));
  EXPECT_EQ(Declared().size(), 1u);
}

TEST_F(BoundaryCommitTest, NothingToDoCommitsNothing) {
  const int commits = catalog_.commits();
  const auto done = Committer().Run(kTable, [](const auto&, const auto&) { return std::nullopt; });
  EXPECT_EQ(done.value(), std::nullopt);
  EXPECT_EQ(catalog_.commits(), commits);
}

TEST_F(BoundaryCommitTest, PlansAgainWhenTheBaseHasMoved) {
  bool moved = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(moved, true)) return {};
    catalog_.before_commit = nullptr;
    // Another moves the boundary in between.
    EXPECT_TRUE(Move(15).has_value());
    return {};
  };
  ASSERT_TRUE(Move(12).has_value());
  EXPECT_EQ(Found().progress, Vector(12));
  EXPECT_EQ(Table()->FindSnapshot(*Found().snapshot_id)->summary.at("k2i.rewind"), R"({"events":{"0":[15,12]}})");
}

TEST_F(BoundaryCommitTest, ALostReplyIsResolvedByReading) {
  catalog_.after_commit = [] { return Fail(ErrorCode::kCommitStateUnknown, "lost"); };
  EXPECT_TRUE(Move(12).has_value());
  EXPECT_EQ(Found().progress, Vector(12));
  catalog_.after_commit = nullptr;
  catalog_.before_commit = [] { return Fail(ErrorCode::kCommitStateUnknown, "lost"); };
  const auto lost = Move(5);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, ErrorCode::kCommitStateUnknown);
  EXPECT_EQ(Found().progress, Vector(12));
}

TEST_F(BoundaryCommitTest, GivesUpAfterManyConflicts) {
  catalog_.before_commit = [] { return Fail(ErrorCode::kCommitConflict, "busy"); };
  EXPECT_EQ(Move(12).error().code, ErrorCode::kCommitConflict);
}

}  // namespace
}  // namespace k2i::ingest
