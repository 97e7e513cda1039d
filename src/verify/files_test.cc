// SPDX-License-Identifier: Apache-2.0
#include "verify/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/forged_history_testing.h"

namespace k2i::verify {
namespace {

using iceberg::ManifestEntry;
using testing::ElementsAre;
using testing::IsEmpty;

ManifestEntry Entry(const std::string& path, int64_t rows, int64_t snapshot_id = 1) {
  ManifestEntry entry{.snapshot_id = snapshot_id, .sequence_number = 1, .file_sequence_number = 1, .data_file = {}};
  entry.data_file.file_path = path;
  entry.data_file.record_count = rows;
  return entry;
}

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    auto& snapshot = table_.Ours(1, Vector(10, 5), {{kEvents0, Range(0, 10)}, {kEvents1, Range(0, 5)}});
    snapshot.summary["added-records"] = "12";
    snapshot.summary["added-data-files"] = "2";
  }
  std::vector<std::string> Check(const iceberg::SnapshotChanges& changes, bool allow_deletes = false,
                                 Severity severity = Severity::kProblem) {
    Findings findings;
    const History history = ReadHistory(table_.metadata, "p", "main", findings);
    CheckChanges(history.statements.back(), changes, allow_deletes, findings);
    return ForgedTable::Kinds(findings, severity);
  }
  ForgedTable table_;
};

TEST_F(FilesTest, CountersThatMatchAreFine) {
  EXPECT_THAT(Check({.added_data = {Entry("a", 7), Entry("b", 5)}}), IsEmpty());
}

TEST_F(FilesTest, WrongCountersAreNamed) {
  EXPECT_THAT(Check({.added_data = {Entry("a", 12)}}), ElementsAre("counters/1"));
  EXPECT_THAT(Check({.added_data = {Entry("a", 7), Entry("b", 4)}}), ElementsAre("counters/1"));
  table_.metadata.snapshots.Edit(0).summary["added-records"] = "many";
  EXPECT_THAT(Check({.added_data = {Entry("a", 7), Entry("b", 5)}}), ElementsAre("counters/1"));
}

TEST_F(FilesTest, ASnapshotHasNoMoreRowsThanPositions) {
  table_.metadata.snapshots.Edit(0).summary["added-records"] = "16";
  EXPECT_THAT(Check({.added_data = {Entry("a", 8), Entry("b", 8)}}), ElementsAre("counters/1"));
}

TEST_F(FilesTest, AReplayHasTheRowsItSaysAndNoRanges) {
  auto& replay = table_.Ours(2, Vector(10, 5), {});
  replay.summary["k2i.replay"] = "3";
  replay.summary["added-records"] = "3";
  replay.summary["added-data-files"] = "1";
  EXPECT_THAT(Check({.added_data = {Entry("r", 3, 2)}}), IsEmpty());
  table_.metadata.snapshots.Edit(table_.metadata.snapshots.size() - 1).summary["k2i.replay"] = "2";
  EXPECT_THAT(Check({.added_data = {Entry("r", 3, 2)}}), ElementsAre("counters/2"));
}

TEST_F(FilesTest, OffsetsOfWhichNoRowCameHaveNoCounters) {
  table_.Ours(2, Vector(11, 5), {{kEvents0, Range(10, 11)}});
  EXPECT_THAT(Check({}), IsEmpty());
}

TEST_F(FilesTest, RowsThatOthersRemovedAreAProblemUnlessAllowed) {
  table_.Foreign(2, "delete");
  iceberg::SnapshotChanges changes{.removed_data = {Entry("a", 7)}};
  EXPECT_THAT(Check(changes), ElementsAre("deleted-rows/2"));
  EXPECT_THAT(Check(changes, true), IsEmpty());
  EXPECT_THAT(Check(changes, true, Severity::kUnchecked), ElementsAre("deleted-rows/2"));
  changes = {.added_deletes = {Entry("d", 1)}};
  EXPECT_THAT(Check(changes), ElementsAre("deleted-rows/2"));
}

TEST_F(FilesTest, ACompactionOfOursMovesRowsAndNoOffsets) {
  auto& summary = table_.Ours(2, Vector(10, 5), {}).summary;
  summary["operation"] = "replace";
  summary["added-data-files"] = "1";
  summary["added-records"] = "12";
  summary["deleted-data-files"] = "2";
  summary["deleted-records"] = "12";
  const iceberg::SnapshotChanges whole{.added_data = {Entry("c", 12)}, .removed_data = {Entry("a", 7), Entry("b", 5)}};
  EXPECT_THAT(Check(whole), IsEmpty());
  EXPECT_THAT(Check({.added_data = {Entry("c", 12)}, .removed_data = {Entry("a", 7)}}),
              ElementsAre("counters/2", "counters/2", "counters/2"));
  auto& said = table_.metadata.snapshots.Edit(table_.metadata.snapshots.size() - 1).summary;
  said["added-records"] = "9";
  said["k2i.rows-deleted"] = "3";
  const iceberg::SnapshotChanges less{.added_data = {Entry("c", 9)}, .removed_data = whole.removed_data};
  EXPECT_THAT(Check(less), ElementsAre("deleted-rows/2"));
  EXPECT_THAT(Check(less, true), IsEmpty());
  said["k2i.rows-deleted"] = "2";
  EXPECT_THAT(Check(less, true), ElementsAre("counters/2"));
  said.erase("k2i.rows-deleted");
  said["added-records"] = "12";
  said["k2i.ranges"] = R"({"events":{"0":[9,10]}})";
  EXPECT_THAT(Check(whole), ElementsAre("range/2"));
  said["k2i.ranges"] = "{}";
  said["operation"] = "append";
  EXPECT_THAT(Check(whole), ElementsAre("counters/2"));
}

TEST_F(FilesTest, CompactionsAndAppendsOfOthersAreNotes) {
  table_.Foreign(2, "replace");
  EXPECT_THAT(Check({.added_data = {Entry("c", 12)}, .removed_data = {Entry("a", 7), Entry("b", 5)}}), IsEmpty());
  EXPECT_THAT(Check({.added_data = {Entry("c", 12)}}, false, Severity::kNote), ElementsAre("foreign/2"));
  // More rows than before: which are new cannot be told.
  EXPECT_THAT(Check({.added_data = {Entry("c", 12)}, .removed_data = {Entry("a", 7)}}, false, Severity::kUnchecked),
              ElementsAre("foreign/2"));
}

TEST_F(FilesTest, AFileReferencedTwiceIsNamedHoweverItsLocationIsWritten) {
  Findings findings;
  CheckReferences({Entry("/w/a.parquet", 1), Entry("s3://b/k", 1), Entry("/w/b.parquet", 1)}, findings);
  EXPECT_THAT(findings.all(), IsEmpty());
  CheckReferences(
      {Entry("/w/a.parquet", 1), Entry("s3://b/k", 1), Entry("file:///w/a.parquet", 1, 2), Entry("s3a://b/k", 1, 3)},
      findings);
  EXPECT_THAT(ForgedTable::Kinds(findings, Severity::kProblem),
              ElementsAre("double-reference/2", "double-reference/3"));
}

TEST_F(FilesTest, TotalsOfTheHeadMatchTheLiveFiles) {
  table_.metadata.snapshots.Edit(0).summary["total-records"] = "12";
  table_.metadata.snapshots.Edit(0).summary["total-data-files"] = "3";
  Findings findings;
  const History history = ReadHistory(table_.metadata, "p", "main", findings);
  CheckTotals(history.statements.back(), {.data = {Entry("a", 7), Entry("b", 5)}, .deletes = {}}, findings);
  EXPECT_THAT(ForgedTable::Kinds(findings, Severity::kProblem), ElementsAre("counters/1"));
}

}  // namespace
}  // namespace k2i::verify
