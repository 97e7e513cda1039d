// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_group_copy.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "datafile/row_lineage.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using testing::HasSubstr;

class RowGroupCopyTest : public ::testing::Test {
 protected:
  RowGroupCopyTest() {
    options_.format_version = 3;
    options_.data_location = "s3://b/t/data";
    options_.schema = AllTypesSchema(3);
    options_.row_group_rows = 300;
  }

  DataFile Write(const std::string& name, const arrow::RecordBatchVector& rows) {
    options_.file_name_prefix = name;
    auto writer = RollingWriter::Make(store_, options_, arrow::default_memory_pool()).value();
    EXPECT_TRUE(writer->Write(rows).has_value());
    return writer->Finish().value().at(0);
  }
  /// Null where one of the files cannot be copied.
  Result<std::unique_ptr<RowGroupCopy>> Plan(const std::vector<DataFile>& files, const CopyLimits& limits = {0, 0}) {
    K2I_ASSIGN_OR_RETURN(auto copy, RowGroupCopy::Make(store_, options_, arrow::default_memory_pool()));
    sources_ = files;
    for (const DataFile& file : sources_) {
      K2I_ASSIGN_OR_RETURN(const bool added, copy->Add(file, limits));
      if (!added) return nullptr;
    }
    return copy;
  }
  std::unique_ptr<parquet::arrow::FileReader> Open(const std::string& location) {
    std::shared_ptr<arrow::io::RandomAccessFile> input =
        arrow::io::BufferReader::FromString(store_.Read(location).value());
    return parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  }

  io::MemoryObjectStore store_;
  WriterOptions options_;
  std::vector<DataFile> sources_;
  RandomRows random_{3};
};

/// A column of a file as its manifest entry describes it must be what decoding and encoding would have made of it.
TEST_F(RowGroupCopyTest, MakesTheFileThatDecodingWouldHaveMade) {
  for (int round = 0; round < 10; ++round) {
    arrow::RecordBatchVector all;
    std::vector<DataFile> sources;
    options_.compression = round % 2 == 0 ? "zstd" : "snappy";
    for (int i = 0; i < 3; ++i) {
      random_.max_text = i == 0 ? 2000 : 30;
      random_.null_share = i == 1 && round % 3 == 0 ? 1 : 0.2;
      all.push_back(random_.Batch(options_.schema, 100 + 250 * i));
      sources.push_back(Write("source" + std::to_string(round) + std::to_string(i), {all.back()}));
    }
    options_.compression = "zstd";
    const auto copy = Plan(sources).value();
    ASSERT_NE(copy, nullptr);
    int64_t told = 0;
    const std::string location = "s3://b/t/data/copy" + std::to_string(round);
    const auto file = copy->Run(location,
                                [&](int64_t bytes) -> Status {
                                  told += bytes;
                                  return {};
                                })
                          .value();

    const auto decoded = Write("decoded" + std::to_string(round), all);
    EXPECT_EQ(file.file_path, location);
    EXPECT_EQ(file.record_count, 1050);
    EXPECT_EQ(file.file_size_in_bytes, store_.Stat(location)->size_bytes);
    EXPECT_EQ(file.value_counts, decoded.value_counts);
    EXPECT_EQ(file.null_value_counts, decoded.null_value_counts);
    EXPECT_EQ(file.nan_value_counts, decoded.nan_value_counts);
    EXPECT_EQ(file.lower_bounds, decoded.lower_bounds);
    EXPECT_EQ(file.upper_bounds, decoded.upper_bounds);
    int64_t columns = 0;
    for (const auto& [id, size] : file.column_sizes) columns += size;
    EXPECT_EQ(told, columns);

    const auto reader = Open(location);
    EXPECT_EQ(reader->num_row_groups(), 5);
    EXPECT_EQ(file.split_offsets.size(), 5u);
    const auto read = reader->ReadTable().ValueOrDie(), expected = Open(decoded.file_path)->ReadTable().ValueOrDie();
    ASSERT_TRUE(read->Equals(*expected, arrow::EqualOptions::Defaults().nans_equal(true)));
  }
}

TEST_F(RowGroupCopyTest, PageIndexesAndStatisticsGoAlong) {
  const auto first = Write("a", {random_.Batch(options_.schema, 500)}),
             second = Write("b", {random_.Batch(options_.schema, 300)});
  const auto file = (*Plan({first, second}))->Run("s3://b/t/data/copy", {}).value();
  const auto copied = Open(file.file_path), source = Open(second.file_path);
  auto& from = *source->parquet_reader();
  auto& to = *copied->parquet_reader();
  const auto from_group = from.metadata()->RowGroup(0), to_group = to.metadata()->RowGroup(2);
  EXPECT_EQ(to_group->num_rows(), 300);
  EXPECT_EQ(to_group->total_byte_size(), from_group->total_byte_size());
  const auto from_pages = from.GetPageIndexReader()->RowGroup(0), to_pages = to.GetPageIndexReader()->RowGroup(2);
  for (int column = 0; column < from_group->num_columns(); ++column) {
    const auto was = from_group->ColumnChunk(column), is = to_group->ColumnChunk(column);
    EXPECT_EQ(is->compression(), was->compression());
    EXPECT_EQ(is->total_uncompressed_size(), was->total_uncompressed_size());
    EXPECT_EQ(is->encoding_stats().size(), was->encoding_stats().size());
    ASSERT_EQ(is->is_stats_set(), was->is_stats_set());
    if (was->is_stats_set()) {
      EXPECT_TRUE(is->statistics()->Equals(*was->statistics())) << column;
    }
    const auto offsets = to_pages->GetOffsetIndex(column), old_offsets = from_pages->GetOffsetIndex(column);
    ASSERT_EQ(offsets == nullptr, old_offsets == nullptr);
    if (offsets == nullptr) continue;
    ASSERT_EQ(offsets->page_locations().size(), old_offsets->page_locations().size());
    EXPECT_EQ(offsets->page_locations()[0].offset, is->data_page_offset());
    const auto pages = to_pages->GetColumnIndex(column), old_pages = from_pages->GetColumnIndex(column);
    ASSERT_EQ(pages == nullptr, old_pages == nullptr);
    if (pages != nullptr) {
      EXPECT_EQ(pages->encoded_min_values(), old_pages->encoded_min_values());
    }
  }
}

TEST_F(RowGroupCopyTest, LeavesToDecodingWhatItCannotKeep) {
  const auto small = Write("a", {random_.Batch(options_.schema, 100)}),
             large = Write("b", {random_.Batch(options_.schema, 300)});
  EXPECT_NE(*Plan({small, large}), nullptr);
  EXPECT_NE(*Plan({large, large}, {300, 1 << 30}), nullptr);
  EXPECT_EQ(*Plan({small, large}, {300, 1 << 30}), nullptr);
  auto unknown = large;
  unknown.null_value_counts.clear();
  EXPECT_EQ(*Plan({large, unknown}), nullptr);
  unknown = large;
  unknown.lower_bounds.clear();
  EXPECT_EQ(*Plan({large, unknown}), nullptr);
  // Another schema.
  auto fields = options_.schema.fields();
  fields.push_back({999, "late", iceberg::Type::Primitive(iceberg::TypeId::kLong)});
  const auto schema = std::exchange(options_.schema, {.type = iceberg::Type::Struct(fields)});
  EXPECT_EQ(*Plan({large}), nullptr);
  options_.schema = schema;
  fields = schema.fields();
  fields[0].name = "renamed";
  options_.schema.type = iceberg::Type::Struct(fields);
  EXPECT_EQ(*Plan({large}), nullptr);
}

/// Ids that rows inherit are those of their file; the copy would give them others.
TEST_F(RowGroupCopyTest, RowIdsHaveToBeSaid) {
  options_.schema = WithRowLineage(AllTypesSchema(3));
  for (const char* name : {"_row_id", "_last_updated_sequence_number"}) {
    options_.properties[std::string("write.metadata.metrics.column.") + name] = "none";
  }
  random_.null_share = 0;
  const auto said = Write("a", {random_.Batch(options_.schema, 100)});
  random_.null_share = 0.5;
  const auto inherited = Write("b", {random_.Batch(options_.schema, 100)});
  EXPECT_NE(*Plan({said}), nullptr);
  EXPECT_EQ(*Plan({said, inherited}), nullptr);
}

TEST_F(RowGroupCopyTest, FailsAsAWhole) {
  const auto file = Write("a", {random_.Batch(options_.schema, 500)});
  const auto stopped = (*Plan({file}))->Run("s3://b/t/data/copy", [](int64_t) -> Status {
    return Fail(ErrorCode::kCancelled, "stopped");
  });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.op != io::StoreOp::kClose) return {};
    return Fail(ErrorCode::kUnavailable, "away", Component::kStorage);
  });
  const auto closed = (*Plan({file}))->Run("s3://b/t/data/copy", {});
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, ErrorCode::kUnavailable);
  store_.set_fault_hook({});
  EXPECT_FALSE(store_.Exists("s3://b/t/data/copy"));
  EXPECT_EQ(store_.open_files(), 0u);
  store_.Overwrite(file.file_path, "no Parquet");
  const auto broken = Plan({file});
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(broken.error().ToString(), HasSubstr(file.file_path));
}

}  // namespace
}  // namespace k2i::datafile
