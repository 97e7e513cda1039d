// SPDX-License-Identifier: Apache-2.0
//
// What compaction writes: the rows as the table has them, in its current form.
#include <arrow/api.h>

#include <algorithm>

#include "datafile/delete_files_testing.h"
#include "iceberg/model/arrow_schema.h"
#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

using iceberg::TransformKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CompactionRowsTest : public MaintainedTable {};

TEST_F(CompactionRowsTest, SortsEachFile) {
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

TEST_F(CompactionRowsTest, RowsThatDoNotFitIntoMemoryAreSortedInRuns) {
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

TEST_F(CompactionRowsTest, WritesRowsInTheTablesCurrentForm) {
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

TEST_F(CompactionRowsTest, DeletedRowsGoAndSoDoTheirDeleteFiles) {
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

TEST_F(CompactionRowsTest, ADeleteThatIsStillNeededStays) {
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

TEST_F(CompactionRowsTest, RowsOfVersion3KeepTheirIds) {
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

TEST_F(CompactionRowsTest, SortedRowsOfVersion3KeepTheirIds) {
  auto request = Request(/*partitioned=*/true, 3);
  request.sort_order.fields = {{{}, 1, false, true}};
  Create(request);
  for (int i = 0; i < 3; ++i) Ingest(100, 2);
  const auto before = Rows();
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(report_.files_added, 3);
  EXPECT_EQ(Rows(), before);
}

TEST_F(CompactionRowsTest, ATableThatHasBecomeVersion3GivesItsRowsIds) {
  Create(Request());
  IngestFive();
  Apply({iceberg::update::UpgradeFormatVersion{3}});
  ASSERT_TRUE(Compact(Options()));
  EXPECT_EQ(Rows().front(), "0/null/0/5");  // nobody has seen them without one
  EXPECT_EQ(Metadata().next_row_id, 500);
}

TEST_F(CompactionRowsTest, AColumnOfANameThatVersion3KeepsIsRefused) {
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
TEST_F(CompactionRowsTest, DeletionVectorsOfVersion3AreAppliedOneByOne) {
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

TEST_F(CompactionRowsTest, RowGroupsAreCopiedWhereNothingChanges) {
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

TEST_F(CompactionRowsTest, WhatIsTooSmallToBeCopiedIsEncodedBesideIt) {
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

}  // namespace
}  // namespace k2i::maintenance
