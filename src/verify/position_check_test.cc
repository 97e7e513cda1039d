// SPDX-License-Identifier: Apache-2.0
#include "verify/position_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "verify/forged_history_testing.h"

namespace k2i::verify {
namespace {

using iceberg::ManifestEntry;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PositionSetTest, IsASet) {
  PositionSet set;
  std::set<int64_t> expected;
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    const auto offset = static_cast<int64_t>(random() % 300'000);
    ASSERT_EQ(set.Insert(offset), expected.insert(offset).second) << offset;
  }
  EXPECT_TRUE(set.Insert(int64_t{1} << 60));
  EXPECT_FALSE(set.Insert(int64_t{1} << 60));
}

TEST(PositionSetTest, FullBlocksTakeNoMemory) {
  PositionSet set;
  for (int64_t offset = 0; offset < 20 << 16; ++offset) ASSERT_TRUE(set.Insert(offset));
  EXPECT_LT(set.memory_bytes(), 1000);
  EXPECT_FALSE(set.Insert(0));
  EXPECT_FALSE(set.Insert((20 << 16) - 1));
}

/// Checks rows against a forged history.
class PositionCheckTest : public testing::Test {
 protected:
  void Start(ForgedTable forged, std::vector<int64_t> committed_rows, bool rows_deleted = false) {
    forged_ = std::move(forged);
    const ForgedTable& table = forged_;
    Findings ignored;
    history_ = ReadHistory(table.metadata, "p", "main", ignored);
    committed_ = history_.newest()->progress;
    declarations_ = progress::ReadDeclarations(table.metadata, "p", "main").value();
    committed_rows_ = std::move(committed_rows);
    check_.emplace(PositionCheck::Options{history_, committed_, declarations_, committed_rows_, rows_deleted});
  }
  /// A file of these offsets of partition 0.
  void File(int64_t snapshot_id, int64_t sequence_number, int64_t begin, int64_t end, int32_t partition = 0) {
    files_.push_back(std::make_unique<ManifestEntry>(ManifestEntry{.snapshot_id = snapshot_id,
                                                                   .sequence_number = sequence_number,
                                                                   .file_sequence_number = sequence_number,
                                                                   .data_file = {}}));
    check_->StartFile(*files_.back());
    for (int64_t offset = begin; offset < end; ++offset) check_->Add("events", partition, offset);
  }
  std::vector<std::string> Found(Severity severity = Severity::kProblem) {
    Findings findings;
    check_->Finish(findings);
    return ForgedTable::Kinds(findings, severity);
  }

  ForgedTable forged_;
  History history_;
  progress::Progress committed_;
  std::vector<progress::Declaration> declarations_;
  std::vector<int64_t> committed_rows_;
  std::vector<std::unique_ptr<ManifestEntry>> files_;
  std::optional<PositionCheck> check_;
};

TEST_F(PositionCheckTest, EveryPositionOnceIsFine) {
  Start(GoodTable(), {15, 10, 4});
  File(2, 2, 10, 20);
  File(1, 1, 0, 10);
  File(1, 1, 0, 5, 1);
  File(3, 3, 5, 9, 1);
  check_->AddForeign();
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_EQ(check_->rows(), 29);
  EXPECT_EQ(check_->rows_without_position(), 1);
  EXPECT_EQ(check_->RowsByPartition().at(kEvents1), 9);
}

TEST_F(PositionCheckTest, CompactedFilesOfOthersAreTakenByTheirPositions) {
  Start(GoodTable(), {15, 10, 4});
  File(99, 1, 0, 20);
  File(98, 2, 0, 9, 1);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(PositionCheckTest, RepeatsAreNamed) {
  Start(GoodTable(), {15, 10, 4});
  File(1, 1, 0, 10);
  File(1, 1, 0, 5, 1);
  File(2, 2, 10, 20);
  File(3, 3, 5, 9, 1);
  File(77, 4, 3, 5);
  Findings findings;
  check_->Finish(findings);
  ASSERT_EQ(findings.all().size(), 1u);
  EXPECT_EQ(findings.all()[0].kind, "repeated-position");
  EXPECT_EQ(findings.all()[0].snapshot_id, 77);
  EXPECT_EQ(findings.all()[0].message, "2 offsets from 3 to 4 in the table more than once; again in ");
}

TEST_F(PositionCheckTest, RowsOutsideOfRangeAndVectorAreNamed) {
  Start(GoodTable(), {15, 10, 4});
  File(1, 1, 0, 10);
  File(1, 1, 0, 5, 1);
  File(2, 2, 10, 19);
  File(3, 3, 5, 9, 1);
  File(2, 2, 20, 21);   // past everything, and not in [10, 20)
  File(77, 4, 30, 32);  // of another's snapshot
  EXPECT_THAT(Found(), ElementsAre("outside-range/2/0", "outside-vector/2/0", "outside-vector/77/0"));
}

TEST_F(PositionCheckTest, MissingRowsAreNamedEvenAfterACompaction) {
  Start(GoodTable(), {15, 10, 4});
  File(99, 1, 0, 12);
  File(99, 1, 13, 20);
  File(99, 1, 0, 9, 1);
  EXPECT_THAT(Found(), ElementsAre("missing-rows/2"));
  Start(GoodTable(), {15, 10, 4}, /*rows_deleted=*/true);
  File(99, 1, 0, 20);
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_THAT(Found(Severity::kUnchecked), ElementsAre("missing-rows/1", "missing-rows/3"));
}

TEST_F(PositionCheckTest, ADeclaredRewindAllowsOneMoreCopy) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(12, 9), {}).summary["k2i.rewind"] = R"({"events":{"0":[20,12]}})";
  table.Ours(5, Vector(25, 9), {{kEvents0, Range(12, 25)}});
  Start(table, {15, 10, 4, 0, 13});
  File(5, 5, 12, 25);
  File(1, 1, 0, 10);
  File(2, 2, 10, 20);
  File(3, 3, 5, 9, 1);
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_EQ(check_->declared_repeats(), 8);
  File(99, 5, 11, 13);  // 11 was never declared; 12 is there for the third time
  EXPECT_THAT(Found(), ElementsAre("repeated-position/99/0"));
}

TEST_F(PositionCheckTest, AnAdoptionBeginsAnEpochOfItsOwn) {
  ForgedTable table = GoodTable();
  table.Ours(4, Vector(0, 0, "other", "re-made"), {}).summary["k2i.adopt"] = "{}";
  table.Ours(5, Vector(7, 0, "other", "re-made"), {{kEvents0, Range(0, 7)}});
  Start(table, {15, 10, 4, 0, 7});
  File(1, 1, 0, 10);
  File(1, 1, 0, 5, 1);
  File(2, 2, 10, 20);
  File(3, 3, 5, 9, 1);
  File(5, 5, 0, 7);
  EXPECT_THAT(Found(), IsEmpty());
  File(5, 5, 6, 7);
  EXPECT_THAT(Found(), ElementsAre("repeated-position/5/0"));
}

TEST_F(PositionCheckTest, AReplayedRowDoesNotStandForOneThatIsMissing) {
  ForgedTable table;
  table.Ours(1, Vector(10, 5), {{kEvents0, Range(0, 10)}});
  table.Ours(2, Vector(10, 5), {}).summary["k2i.replay"] = "1";
  Start(table, {9, 1});
  File(1, 1, 0, 8);  // eight of the nine rows that were committed
  File(2, 2, 9, 10);
  EXPECT_THAT(Found(), ElementsAre("missing-rows/1"));
}

TEST_F(PositionCheckTest, AReplayedRowThatIsThereAlreadyIsARepeat) {
  ForgedTable table;
  table.Ours(1, Vector(10, 5), {{kEvents0, Range(0, 10)}});
  table.Ours(2, Vector(10, 5), {}).summary["k2i.replay"] = "1";
  Start(table, {10, 1});
  File(1, 1, 0, 10);
  File(2, 2, 9, 10);
  EXPECT_THAT(Found(), ElementsAre("repeated-position/2/0"));
}

}  // namespace
}  // namespace k2i::verify
