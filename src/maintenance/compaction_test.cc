// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction.h"

#include "iceberg/scan/scan.h"
#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

using testing::SizeIs;

class CompactionTest : public MaintainedTable {};

TEST_F(CompactionTest, SmallFilesBecomeOneAndTheBoundaryStays) {
  Create(Request());
  IngestFive();
  const auto before = Rows();
  const int64_t planned_on = Head();
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(Rows(), before);
  const auto files = Files();
  ASSERT_THAT(files.data, SizeIs(1));
  EXPECT_EQ(files.data[0].data_file.record_count, 500);
  EXPECT_EQ(files.data[0].sequence_number, 5);
  EXPECT_EQ(files.data[0].file_sequence_number, 6);
  EXPECT_EQ(files.data[0].data_file.lower_bounds.at(1), std::string(8, '\0'));

  const auto table = Metadata();
  const auto& summary = table.FindRef("main")->summary;
  EXPECT_EQ(summary.at("operation"), "replace");
  EXPECT_EQ(summary.at("k2i.pipeline"), "p");
  EXPECT_EQ(summary.at("k2i.offsets"), progress::ProgressJson(progress_));
  EXPECT_EQ(summary.at("k2i.ranges"), "{}");
  EXPECT_EQ(summary.at("k2i.watermark-ms"), "77");
  EXPECT_EQ(summary.at("k2i.version"), "test");
  EXPECT_EQ(table.FindRef("k2i-p")->snapshot_id, Head());
  EXPECT_EQ(table.properties.at("k2i.p.offsets"), progress::ProgressJson(progress_));

  EXPECT_EQ(report_.planned_on, planned_on);
  EXPECT_EQ(report_.newest_snapshot, Head());
  EXPECT_EQ(report_.live_files_before, 5);
  EXPECT_EQ(report_.live_files_after, 1);
  EXPECT_EQ(report_.files_removed, 5);
  EXPECT_EQ(report_.files_added, 1);
  EXPECT_EQ(report_.bytes_removed, report_.live_bytes_before);
  EXPECT_EQ(report_.bytes_added, files.data[0].data_file.file_size_in_bytes);
  EXPECT_EQ(report_.rows, 500);
  EXPECT_EQ(report_.commits, 1);
  // Time travel to what was there before, and nothing more to do.
  EXPECT_THAT(iceberg::PlanFiles(store_, table, *table.FindSnapshot(planned_on))->data, SizeIs(5));
  EXPECT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 0);
}

TEST_F(CompactionTest, ADryRunSaysWhatItWouldDoAndDoesNothing) {
  Create(Request(/*partitioned=*/true));
  IngestFive();
  const auto before = store_.locations();
  const int64_t head = Head();
  auto options = Options();
  options.dry_run = true;
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(store_.locations(), before);
  EXPECT_EQ(Head(), head);
  ASSERT_THAT(report_.groups, SizeIs(2));
  EXPECT_EQ(report_.groups[0].partition, "part=null");
  EXPECT_EQ(report_.groups[1].partition, "part=0");
  EXPECT_EQ(report_.groups[0].files, 5);
  EXPECT_EQ(report_.groups[0].rows + report_.groups[1].rows, 500);
  EXPECT_EQ(report_.commits, 0);
}

TEST_F(CompactionTest, AnEmptyTableHasNothingToDo) {
  Create(Request());
  EXPECT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 0);
}

TEST_F(CompactionTest, CommitsInBatches) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 3; ++i) Ingest(100, 4);
  const auto before = Rows();
  auto options = Options();
  options.commit_bytes = 1;
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.commits, 5);  // four values and null
  EXPECT_EQ(report_.live_files_after, 5);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, KeepsToItsRate) {
  Create(Request());
  IngestFive();
  auto options = Options();
  options.bytes_per_second = 100;
  const auto started = clock_.monotonic();
  ASSERT_TRUE(Compact(options));
  const auto seconds = std::chrono::duration<double>(clock_.monotonic() - started).count();
  EXPECT_NEAR(seconds, static_cast<double>(report_.bytes_removed) / 100, 0.1);
}

TEST_F(CompactionTest, AFilterChoosesFiles) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 3; ++i) Ingest(100, 2);
  auto options = Options();
  options.where = [](const iceberg::TableMetadata&) -> Result<FileTest> {
    return [](const iceberg::DataFile& file) { return file.partition[0] == iceberg::Literal(1); };
  };
  ASSERT_TRUE(Compact(options));
  ASSERT_THAT(report_.groups, SizeIs(1));
  EXPECT_EQ(report_.groups[0].partition, "part=1");
  EXPECT_EQ(report_.files_removed, 3);
  EXPECT_EQ(report_.live_files_after, 7);
  options.where = [](const auto&) -> Result<FileTest> { return Fail(ErrorCode::kInvalidArgument, "no such column"); };
  EXPECT_EQ(Compact(options).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace k2i::maintenance
