// SPDX-License-Identifier: Apache-2.0
#include "maintenance/compaction.h"

#include <arrow/api.h>

#include <algorithm>

#include "datafile/delete_files_testing.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/scan/scan.h"
#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

using iceberg::TransformKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CompactionTest : public MaintainedTable {
 protected:
  void IngestFive() {
    for (int i = 0; i < 5; ++i) Ingest(100);
  }
  int64_t Head() { return Metadata().FindRef("main")->snapshot_id; }
};

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

TEST_F(CompactionTest, OthersMayAppendMeanwhile) {
  Create(Request());
  IngestFive();
  int raced = 0;
  catalog_.before_commit = [&]() -> Status {
    if (raced++ < 2) Ingest(10);
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.conflicts, 2);
  EXPECT_EQ(report_.replans, 0);
  EXPECT_THAT(Files().data, SizeIs(3));
  EXPECT_THAT(Rows(), SizeIs(520));
  // The vector is that of the newest base.
  EXPECT_EQ(Metadata().FindRef("main")->summary.at("k2i.offsets"), progress::ProgressJson(progress_));
}

TEST_F(CompactionTest, APlanWhoseFilesOthersReplacedIsMadeAnew) {
  Create(Request());
  IngestFive();
  const auto before = Rows();
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    // Another process compacts two of them.
    auto others = Options();
    others.policy.max_files = 5;
    CompactionReport report;
    EXPECT_TRUE(
        Compaction({catalog_, store_, clock_, random_, arrow::default_memory_pool()}, others).Run(kTable, {}, report));
    EXPECT_EQ(report.commits, 1);
    Ingest(10);
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.replans, 1);
  EXPECT_EQ(report_.commits, 1);
  EXPECT_THAT(Files().data, SizeIs(1));
  EXPECT_THAT(Rows(), SizeIs(510));
  // What the stale plan had written is gone.
  EXPECT_EQ(store_.live_files(".parquet"), 5u + 1u + 1u + 1u);
}

TEST_F(CompactionTest, FilesThatOthersReplacedAndDeletedAreNotMissed) {
  Create(Request());
  IngestFive();
  const auto inputs = Files().data;
  bool raced = false;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kRead || call.location != inputs[2].data_file.file_path) return {};
    if (std::exchange(raced, true)) return {};
    CompactionReport report;
    EXPECT_TRUE(Compaction({catalog_, store_, clock_, random_, arrow::default_memory_pool()}, Options())
                    .Run(kTable, {}, report));
    for (const auto& each : inputs) EXPECT_TRUE(store_.Delete(each.data_file.file_path));
    return Fail(ErrorCode::kNotFound, "gone");
  });
  const auto compacted = Compact(Options());
  store_.set_fault_hook({});
  ASSERT_TRUE(compacted.has_value()) << compacted.error().ToString();
  EXPECT_EQ(report_.replans, 1);
  EXPECT_THAT(Rows(), SizeIs(500));
  // One that is simply missing is told.
  for (int i = 0; i < 2; ++i) Ingest(10);
  ASSERT_TRUE(store_.Delete(Files().data[0].data_file.file_path));
  EXPECT_EQ(Compact(Options()).error().code, ErrorCode::kNotFound);
}

TEST_F(CompactionTest, ALostReplyIsFoundInTheHistory) {
  Create(Request());
  IngestFive();
  bool lost = false;
  catalog_.after_commit = [&]() -> Status {
    if (std::exchange(lost, true)) return {};
    return Fail(ErrorCode::kCommitStateUnknown, "reply lost");
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 1);
  EXPECT_EQ(catalog_.commits(), 6);
  EXPECT_THAT(Files().data, SizeIs(1));
  EXPECT_THAT(Rows(), SizeIs(500));
}

TEST_F(CompactionTest, ALostRequestIsSentAgain) {
  Create(Request());
  IngestFive();
  int lost = 0, unreachable = 0;
  catalog_.before_commit = [&]() -> Status {
    return lost++ == 0 ? Status(Fail(ErrorCode::kCommitStateUnknown, "no answer")) : Status();
  };
  catalog_.before_load = [&]() -> Status {
    if (lost == 1 && unreachable++ < 3) return Fail(ErrorCode::kUnavailable, "down");
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.commits, 1);
  EXPECT_GE(unreachable, 3);
  EXPECT_THAT(Rows(), SizeIs(500));
}

TEST_F(CompactionTest, WhileTheOutcomeIsUnknownNothingIsDeleted) {
  Create(Request());
  IngestFive();
  bool sent = false;
  catalog_.after_commit = [&]() -> Status {
    sent = true;
    return Fail(ErrorCode::kCommitStateUnknown, "reply lost");
  };
  catalog_.before_load = [&]() -> Status { return sent ? Status(Fail(ErrorCode::kUnavailable, "down")) : Status(); };
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCommitStateUnknown);
  catalog_.before_load = {};
  EXPECT_THAT(Rows(), SizeIs(500));  // it was committed, and all its files are there
  EXPECT_THAT(Files().data, SizeIs(1));
}

TEST_F(CompactionTest, ADefiniteRefusalLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  catalog_.before_commit = [] { return Status(Fail(ErrorCode::kPermissionDenied, "no")); };
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store_.locations(), before);
  EXPECT_EQ(report_.commits, 0);
}

TEST_F(CompactionTest, AFailingStoreLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  for (const auto op : {io::StoreOp::kAppend, io::StoreOp::kClose, io::StoreOp::kRead}) {
    int calls = 0;
    store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
      const bool hit = call.op == op && call.location.ends_with(".parquet") && ++calls > 3;
      return hit ? Status(Fail(ErrorCode::kUnavailable, "down")) : Status();
    });
    const auto compacted = Compact(Options());
    store_.set_fault_hook({});
    if (calls <= 3) continue;
    ASSERT_FALSE(compacted.has_value());
    EXPECT_EQ(compacted.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(store_.locations(), before);
  }
}

TEST_F(CompactionTest, StopsAndLeavesNothingBehind) {
  Create(Request());
  IngestFive();
  const auto before = store_.locations();
  auto options = Options();
  options.on_progress = [&](const CompactionProgress& progress) {
    EXPECT_LE(progress.bytes_done, progress.bytes);
    stop_.request_stop();
  };
  const auto compacted = Compact(options);
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(store_.locations(), before);
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

TEST_F(CompactionTest, SortsEachFile) {
  auto request = Request();
  request.sort_order.fields = {{{TransformKind::kBucket, 3}, 1, true, true}, {{}, 1, false, true}};
  Create(request);
  IngestFive();
  const auto before = Rows();
  ASSERT_TRUE(Compact(Options()));
  const auto files = Files();
  ASSERT_THAT(files.data, SizeIs(1));
  EXPECT_EQ(files.data[0].data_file.sort_order_id, Metadata().default_sort_order_id);
  const auto numbers = NumbersOf(files.data[0].data_file);
  const iceberg::Transform bucket{TransformKind::kBucket, 3};
  const auto type = iceberg::Type::Primitive(iceberg::TypeId::kLong);
  for (size_t i = 1; i < numbers.size(); ++i) {
    const auto a = bucket.Apply(*type, numbers[i - 1]), b = bucket.Apply(*type, numbers[i]);
    EXPECT_TRUE(a < b || (a == b && numbers[i - 1] > numbers[i])) << i;
  }
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, RowsThatDoNotFitIntoMemoryAreSortedInRuns) {
  auto request = Request();
  request.sort_order.fields = {{{}, 1, false, true}};
  Create(request);
  for (int i = 0; i < 20; ++i) Ingest(1000);
  const auto before = Rows();
  auto options = Options();
  options.memory_bytes = 300'000;  // a run of about 8 files of 12 KB; groups are bounded too
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(Rows(), before);
  const auto files = Files();
  EXPECT_GT(files.data.size(), 1u);
  EXPECT_LT(files.data.size(), 20u);
  for (const auto& entry : files.data) {
    const auto numbers = NumbersOf(entry.data_file);
    EXPECT_TRUE(std::ranges::is_sorted(numbers, std::greater<>()));
  }
}

TEST_F(CompactionTest, WritesRowsInTheTablesCurrentForm) {
  Create(Request());
  for (int i = 0; i < 4; ++i) Ingest(100, 3);
  auto schema = Metadata().current_schema();
  auto fields = schema.fields();
  fields.push_back({3, "late", iceberg::Type::Primitive(iceberg::TypeId::kString)});
  schema.type = iceberg::Type::Struct(fields);
  Apply({iceberg::update::AddSchema{schema}, iceberg::update::SetCurrentSchema{-1},
         iceberg::update::AddPartitionSpec{{.spec_id = 1, .fields = {{2, 1000, "part", {}}}}},
         iceberg::update::SetDefaultSpec{-1}});
  for (int i = 0; i < 2; ++i) Ingest(100, 3);
  const auto before = Rows();
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(Rows(), before);
  const auto files = Files();
  EXPECT_THAT(files.data, SizeIs(8));  // those of the old spec in four partitions, and those of the new one
  for (const auto& entry : files.data) {
    EXPECT_EQ(entry.data_file.spec_id, Metadata().default_spec_id);
    EXPECT_EQ(entry.data_file.null_value_counts.at(3), entry.data_file.record_count);
  }
  ASSERT_TRUE(Compact(Options()));
  EXPECT_THAT(Files().data, SizeIs(4));
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, DeletedRowsGoAndSoDoTheirDeleteFiles) {
  Create(Request());
  for (int i = 0; i < 3; ++i) Ingest(100);
  const auto data = Files().data;
  // Rows 3 and 7 of one file by position, and n = 150 in every file.
  const auto positions = datafile::WritePositionDeletes(
      store_, "s3://d", "p", {{data[0].data_file.file_path, 3}, {data[0].data_file.file_path, 7}});
  const iceberg::Schema key{.type = iceberg::Type::Struct({Metadata().current_schema().fields()[0]})};
  arrow::Int64Builder n;
  ASSERT_TRUE(n.Append(150).ok());
  const auto row = arrow::RecordBatch::Make(iceberg::ToArrowSchema(key).value(), 1, {n.Finish().ValueOrDie()});
  AddDeletes({positions, datafile::WriteEqualityDeletes(store_, "s3://d", "e", key, row)});
  Ingest(100);  // after the deletes: they do not apply to it
  auto first = Options();
  first.commit_bytes = 1;
  first.policy.max_group_bytes = data[0].data_file.file_size_in_bytes * 2 + 10;
  ASSERT_TRUE(Compact(first));
  EXPECT_EQ(report_.commits, 2);
  EXPECT_EQ(report_.rows_deleted, 3);
  EXPECT_EQ(report_.rows, 397);
  EXPECT_EQ(report_.delete_files_removed, 2);
  const auto rows = Rows();
  EXPECT_THAT(rows, SizeIs(397));
  EXPECT_EQ(std::ranges::count_if(rows, [](const auto& each) { return each.starts_with("150/"); }), 0);
  const auto files = Files();
  EXPECT_THAT(files.deletes, IsEmpty());
  const auto summary = Metadata().FindRef("main")->summary;
  EXPECT_EQ(summary.at("total-delete-files"), "0");
  EXPECT_EQ(summary.at("total-position-deletes"), "0");
  EXPECT_EQ(summary.at("total-records"), "397");
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.rows_deleted, 0);
}

TEST_F(CompactionTest, ADeleteThatIsStillNeededStays) {
  Create(Request());
  for (int i = 0; i < 2; ++i) Ingest(100);
  const auto data = Files().data;
  AddDeletes({datafile::WritePositionDeletes(store_, "s3://d", "p",
                                             {{data[0].data_file.file_path, 3}, {data[1].data_file.file_path, 4}})});
  auto options = Options();
  options.policy.max_files = 1;
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.files_removed, 1);
  EXPECT_EQ(report_.delete_files_removed, 0);
  EXPECT_THAT(Files().deletes, SizeIs(1));
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.delete_files_removed, 1);
  EXPECT_THAT(Rows(), SizeIs(198));
}

TEST_F(CompactionTest, RowsDeletedMeanwhileAreNotBroughtBack) {
  Create(Request());
  IngestFive();
  const auto data = Files().data;
  bool raced = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(raced, true)) return {};
    AddDeletes({datafile::WritePositionDeletes(store_, "s3://d", "p", {{data[2].data_file.file_path, 5}})});
    return {};
  };
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.replans, 1);
  EXPECT_EQ(report_.rows_deleted, 1);
  EXPECT_THAT(Rows(), SizeIs(499));
  EXPECT_THAT(Files().deletes, IsEmpty());
}

TEST_F(CompactionTest, RowsOfVersion3KeepTheirIds) {
  Create(Request(/*partitioned=*/false, 3));
  IngestFive();
  const auto before = Rows();
  EXPECT_EQ(before.front(), "0/null/0/1");
  EXPECT_THAT(before, Contains("499/0/499/5"));
  ASSERT_TRUE(Compact(Options()));
  ASSERT_THAT(Files().data, SizeIs(1));
  EXPECT_EQ(Rows(), before);
  // The ids that the file itself is given come after all that are taken; metrics are the table's columns' only.
  const auto file = Files().data[0].data_file;
  EXPECT_EQ(file.first_row_id, 500);
  EXPECT_EQ(Metadata().next_row_id, 1000);
  EXPECT_EQ(Metadata().FindRef("main")->added_rows, 500);
  EXPECT_THAT(file.value_counts, ElementsAre(testing::Key(1), testing::Key(2)));
  EXPECT_THAT(file.column_sizes, ElementsAre(testing::Key(1), testing::Key(2)));
  // Once more: some rows say their ids, others inherit them.
  Ingest(100);
  const auto more = Rows();
  EXPECT_THAT(more, Contains("599/0/1099/7"));
  ASSERT_TRUE(Compact(Options()));
  ASSERT_THAT(Files().data, SizeIs(1));
  EXPECT_EQ(Rows(), more);
}

TEST_F(CompactionTest, SortedRowsOfVersion3KeepTheirIds) {
  auto request = Request(/*partitioned=*/true, 3);
  request.sort_order.fields = {{{}, 1, false, true}};
  Create(request);
  for (int i = 0; i < 3; ++i) Ingest(100, 2);
  const auto before = Rows();
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.files_added, 3);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, ATableThatHasBecomeVersion3GivesItsRowsIds) {
  Create(Request());
  IngestFive();
  Apply({iceberg::update::UpgradeFormatVersion{3}});
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(Rows().front(), "0/null/0/5");  // nobody has seen them without one
  EXPECT_EQ(Metadata().next_row_id, 500);
}

TEST_F(CompactionTest, AColumnOfANameThatVersion3KeepsIsRefused) {
  auto request = Request(/*partitioned=*/false, 3);
  request.schema.type = iceberg::Type::Struct({{1, "n", iceberg::Type::Primitive(iceberg::TypeId::kLong), false},
                                               {2, "part", iceberg::Type::Primitive(iceberg::TypeId::kInt)},
                                               {3, "_row_id", iceberg::Type::Primitive(iceberg::TypeId::kLong)}});
  Create(request);
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kNotSupported);
  EXPECT_THAT(compacted.error().message, HasSubstr("_row_id"));
}

/// Two deletion vectors in one file: only that of the rewritten data file goes.
TEST_F(CompactionTest, DeletionVectorsOfVersion3AreAppliedOneByOne) {
  Create(Request(/*partitioned=*/false, 3));
  Ingest(100);
  Ingest(100);
  const auto data = Files().data;
  auto first = datafile::WriteDeletionVector(store_, "s3://d", "one", data[0].data_file.file_path, {1, 2});
  auto second = datafile::WriteDeletionVector(store_, "s3://d", "two", data[1].data_file.file_path, {3});
  const std::string bytes = *store_.Read(first.file_path), more = *store_.Read(second.file_path);
  *second.content_offset += std::ssize(bytes);
  first.file_path = second.file_path = "s3://d/both";
  ASSERT_TRUE(store_.Create("s3://d/both", bytes + more));
  first.file_size_in_bytes = second.file_size_in_bytes = std::ssize(bytes + more);
  AddDeletes({first, second});
  const auto before = Rows();
  ASSERT_THAT(before, SizeIs(197));
  auto options = Options();
  options.policy.max_files = 1;
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.files_removed, 1);
  EXPECT_EQ(report_.delete_files_removed, 1);
  EXPECT_THAT(Files().deletes, SizeIs(1));
  EXPECT_EQ(Rows(), before);
  ASSERT_TRUE(Compact(Options()));
  EXPECT_THAT(Files().deletes, IsEmpty());
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, RowGroupsAreCopiedWhereNothingChanges) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 3; ++i) Ingest(100, 2);
  const auto before = Rows();
  auto options = Options();
  options.copy_from_share = 0;
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.groups_copied, 3);
  EXPECT_EQ(report_.bytes_read, report_.bytes_removed);
  EXPECT_EQ(Rows(), before);
  const auto files = Files().data;
  ASSERT_THAT(files, SizeIs(3));
  for (const auto& entry : files) {
    const auto& file = entry.data_file;
    EXPECT_THAT(file.split_offsets, SizeIs(3));
    EXPECT_EQ(file.value_counts.at(1), file.record_count);
    EXPECT_THAT(file.file_path, HasSubstr("/data/part="));
  }
  EXPECT_EQ(files[0].data_file.lower_bounds.at(1), std::string(8, '\0'));
  // A file that rows are deleted of is decoded, and encoded behind the others of its group.
  AddDeletes({[&] {
    auto deletes = datafile::WritePositionDeletes(store_, "s3://d", "p", {{files[0].data_file.file_path, 0}});
    deletes.spec_id = files[0].data_file.spec_id;
    deletes.partition = files[0].data_file.partition;
    return deletes;
  }()});
  Ingest(100, 2);
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.rows_deleted, 1);
  EXPECT_THAT(Rows(), SizeIs(399));
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

TEST_F(CompactionTest, WhatIsTooSmallToBeCopiedIsEncodedBesideIt) {
  Create(Request());
  for (const int rows : {2000, 2000, 700, 700}) Ingest(rows);
  const auto data = Files().data;
  AddDeletes({datafile::WritePositionDeletes(store_, "s3://d", "p", {{data[1].data_file.file_path, 0}})});
  const auto before = Rows();
  auto options = Options();
  options.copy_from_share = 0.001;  // 1000 rows
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.groups_copied, 1);
  EXPECT_EQ(report_.rows, 5399);
  EXPECT_EQ(report_.rows_deleted, 1);
  EXPECT_EQ(report_.bytes_read, report_.bytes_removed);
  ASSERT_THAT(Files().data, SizeIs(1));
  EXPECT_THAT(Files().data[0].data_file.split_offsets, SizeIs(3));
  EXPECT_EQ(Files().data[0].data_file.value_counts.at(1), 5399);
  EXPECT_EQ(Rows(), before);
  EXPECT_EQ(store_.live_files(".parquet"), 6u);  // four, the deletes, and one
  // Too little for a row group of its own.
  Ingest(300);
  Ingest(300);
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.groups_copied, 0);
  EXPECT_THAT(Files().data[0].data_file.split_offsets, SizeIs(1));
}

/// What a run that was killed has committed stays so; the next reads the rest alone.
TEST_F(CompactionTest, ARunGoesOnWhereAnotherWasKilled) {
  Create(Request(/*partitioned=*/true));
  for (int i = 0; i < 3; ++i) Ingest(100, 6);
  const auto before = Rows();
  auto options = Options();
  options.commit_bytes = 1;
  int commits = 0;
  catalog_.before_commit = [&]() -> Status {
    if (commits++ < 4) return {};
    stop_.request_stop();
    return Fail(ErrorCode::kUnavailable, "away");
  };
  ASSERT_FALSE(Compact(options));
  const auto first = report_;
  EXPECT_EQ(first.commits, 4);
  EXPECT_EQ(first.groups.size(), 7u);
  catalog_.before_commit = {};
  stop_ = {};
  ASSERT_TRUE(Compact(options));
  EXPECT_EQ(report_.commits, 3);
  EXPECT_EQ(report_.bytes_read, first.live_bytes_before - first.bytes_removed);
  EXPECT_EQ(report_.live_files_after, 7);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionTest, ADamagedFileStopsTheRun) {
  Create(Request());
  IngestFive();
  store_.Overwrite(Files().data[2].data_file.file_path, "garbage");
  const auto before = store_.locations();
  const auto compacted = Compact(Options());
  ASSERT_FALSE(compacted.has_value());
  EXPECT_EQ(compacted.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(store_.locations(), before);
}

}  // namespace
}  // namespace k2i::maintenance
