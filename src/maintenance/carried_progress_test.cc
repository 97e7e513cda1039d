// SPDX-License-Identifier: Apache-2.0
#include "maintenance/carried_progress.h"

#include "maintenance/maintained_table_testing.h"
#include "maintenance/manifest_job.h"
#include "progress/declaration.h"

namespace k2i::maintenance {
namespace {

using iceberg::SnapshotRef;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class CarriedProgressTest : public MaintainedTable {
 protected:
  std::optional<CarriedProgress> Find(const std::string& branch = "main") {
    return FindCarriedProgress(Metadata(), branch, "v").value();
  }
};

TEST_F(CarriedProgressTest, ATableOfOthersHasNothingToCarry) {
  Create(Request());
  EXPECT_EQ(Find(), std::nullopt);
  AppendForeign(5);
  EXPECT_EQ(Find(), std::nullopt);
}

TEST_F(CarriedProgressTest, FindsItPastTheSnapshotsOfOthers) {
  Create(Request());
  Ingest(10);
  AppendForeign(5);
  const auto carried = Find();
  ASSERT_TRUE(carried.has_value());
  EXPECT_EQ(carried->pipeline, "p");
  EXPECT_EQ(carried->summary.at("k2i.offsets"), progress::ProgressJson(progress_));
  EXPECT_EQ(carried->property, progress::ProgressJson(progress_));
  EXPECT_THAT(carried->Updates(9), SizeIs(2));
}

TEST_F(CarriedProgressTest, ATableWithoutMirrorGetsNone) {
  Create(Request());
  Ingest(10);
  Apply({iceberg::update::RemoveProperties{{"k2i.p.offsets"}}});
  const auto carried = Find();
  EXPECT_EQ(carried->property, std::nullopt);
  EXPECT_THAT(carried->Updates(9), SizeIs(1));
}

TEST_F(CarriedProgressTest, TheTagAloneOrThePropertyAloneIsEnough) {
  Create(Request());
  Ingest(10);
  AppendForeign(5);
  auto table = Metadata();
  // Others have expired what was before.
  table.snapshots.Edit(table.snapshots.size() - 1).parent_snapshot_id.reset();
  EXPECT_EQ(FindCarriedProgress(table, "main", "v").value()->pipeline, "p");
  table.refs.erase("k2i-p");
  const auto carried = FindCarriedProgress(table, "main", "v").value();
  EXPECT_EQ(carried->summary.at("k2i.offsets"), progress::ProgressJson(progress_));
  EXPECT_FALSE(carried->summary.contains("k2i.watermark-ms"));
}

TEST_F(CarriedProgressTest, OfSeveralPipelinesTheNewestIsCarriedAndTheOthersAreStillFound) {
  Create(Request());
  Ingest(10, 1, "q");
  const auto first = progress_;
  Ingest(10, 1, "p");
  for (int i = 0; i < 3; ++i) Ingest(10, 1, "p");
  const int64_t tagged = Metadata().FindRef("k2i-q")->snapshot_id;
  ASSERT_TRUE(Compact(Options()));
  const auto table = Metadata();
  EXPECT_EQ(table.FindRef("k2i-p")->snapshot_id, report_.newest_snapshot);
  EXPECT_EQ(table.FindRef("k2i-q")->snapshot_id, tagged);
  EXPECT_EQ(progress::FindBoundary(table, "p", "main").value()->progress, progress_);
  EXPECT_EQ(progress::FindBoundary(table, "q", "main").value()->progress, first);
}

TEST_F(CarriedProgressTest, APipelineThatWritesAnotherBranchIsLeftAlone) {
  Create(Request());
  Ingest(10);
  const int64_t shared = Metadata().FindRef("main")->snapshot_id;
  Apply({iceberg::update::SetSnapshotRef{"audit", {.snapshot_id = shared}}});
  EXPECT_EQ(Find("audit"), std::nullopt);  // it is main's
  EXPECT_TRUE(Find("main").has_value());
  // The pipeline goes on in the branch: main keeps an old statement, and must not take the tag back.
  AppendForeign(1);
  auto table = Metadata();
  std::swap(table.refs["main"].snapshot_id, table.refs["audit"].snapshot_id);
  table.refs["k2i-p"].snapshot_id = table.refs["audit"].snapshot_id;
  EXPECT_EQ(FindCarriedProgress(table, "main", "v").value(), std::nullopt);
  EXPECT_EQ(FindCarriedProgress(table, "audit", "v").value()->pipeline, "p");
}

TEST_F(CarriedProgressTest, ABoundaryThatCannotBeReadIsNotHidden) {
  Create(Request());
  Ingest(10);
  auto table = Metadata();
  table.snapshots.Edit(table.snapshots.size() - 1).summary["k2i.offsets"] = "nonsense";
  EXPECT_EQ(FindCarriedProgress(table, "main", "v").error().code, ErrorCode::kCorruption);
}

TEST_F(CarriedProgressTest, RowsFromBeforeAnAdoptionStayApart) {
  Create(Request());
  for (int i = 0; i < 3; ++i) Ingest(10);
  const std::vector<progress::Declaration> declared{
      {.snapshot_id = Metadata().FindRef("main")->snapshot_id, .sequence_number = 3, .moved = {}, .adopted = true}};
  Apply({iceberg::update::SetProperties{{{"k2i.p.declared", progress::DeclarationsJson(declared)}}}});
  for (int i = 0; i < 2; ++i) Ingest(10);
  EXPECT_THAT(AdoptionBarriers(Metadata(), "main").value(), ElementsAre(3));
  ASSERT_TRUE(Compact(Options()));
  const auto files = Files();
  ASSERT_THAT(files.data, SizeIs(2));
  EXPECT_EQ(files.data[0].sequence_number, 2);
  EXPECT_EQ(files.data[0].data_file.record_count, 20);
  EXPECT_EQ(files.data[1].sequence_number, 5);
}

TEST_F(CarriedProgressTest, MergingManifestsCarriesItToo) {
  Create(Request());
  for (int i = 0; i < 5; ++i) Ingest(10);
  const auto before = Rows();
  ManifestOptions options;
  options.dry_run = true;
  ReplaceCommit::Parts parts{catalog_, clock_, random_};
  auto report = RewriteTableManifests(parts, store_, kTable, options, {}).value();
  EXPECT_EQ(report.counts.replaced, 5);
  EXPECT_EQ(report.snapshot_id, std::nullopt);
  options.dry_run = false;
  int raced = 0;
  catalog_.before_commit = [&]() -> Status {
    if (raced++ == 0) Ingest(10);
    return {};
  };
  report = RewriteTableManifests(parts, store_, kTable, options, {}).value();
  catalog_.before_commit = {};
  const auto table = Metadata();
  EXPECT_EQ(table.FindRef("k2i-p")->snapshot_id, report.snapshot_id);
  EXPECT_EQ(table.FindRef("main")->summary.at("k2i.offsets"), progress::ProgressJson(progress_));
  EXPECT_EQ(report.counts.replaced, 6);
  EXPECT_EQ(report.conflicts, 1);
  EXPECT_THAT(iceberg::ListManifests(store_, *table.FindRef("main")).value(), SizeIs(1));
  EXPECT_THAT(Rows(), SizeIs(60));
  const auto locations = store_.locations();
  report = RewriteTableManifests(parts, store_, kTable, options, {}).value();
  EXPECT_EQ(report.snapshot_id, std::nullopt);
  EXPECT_EQ(store_.locations(), locations);
}

}  // namespace
}  // namespace k2i::maintenance
