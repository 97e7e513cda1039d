// SPDX-License-Identifier: Apache-2.0
// What files look like by the table's properties. Those of codecs, metrics and file sizes are tested with their parts.
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/bloom_filter.h>
#include <parquet/bloom_filter_reader.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "datafile/table_properties.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::Type;
using iceberg::TypeId;

class TablePropertiesTest : public ::testing::Test {
 protected:
  TablePropertiesTest() {
    options_.data_location = "s3://b/t/data";
    options_.file_name_prefix = "f";
    options_.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong), false},
                                         {2, "name", Type::Primitive(TypeId::kString)},
                                         {3, "flag", Type::Primitive(TypeId::kBoolean)}});
  }
  std::unique_ptr<parquet::ParquetFileReader> Write(int64_t rows) {
    auto writer = RollingWriter::Make(store_, options_, arrow::default_memory_pool());
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    RandomRows random(7);
    random.distinct = int64_t{1} << 40;
    const auto batch = random.Batch(options_.schema, rows);
    EXPECT_TRUE((*writer)->Write(std::span(&batch, 1)).has_value());
    files_ = (*writer)->Finish().value();
    EXPECT_EQ(files_.size(), 1u);
    return parquet::ParquetFileReader::Open(
        arrow::io::BufferReader::FromString(store_.Read(files_[0].file_path).value()));
  }
  Error Refused() {
    auto writer = RollingWriter::Make(store_, options_, arrow::default_memory_pool());
    EXPECT_FALSE(writer.has_value());
    return writer.error();
  }

  io::MemoryObjectStore store_;
  WriterOptions options_;
  std::vector<iceberg::DataFile> files_;
};

int64_t LargestPage(parquet::ParquetFileReader& file, int column) {
  int64_t largest = 0;
  auto pages = file.RowGroup(0)->GetColumnPageReader(column);
  while (const auto page = pages->NextPage()) {
    if (page->type() != parquet::PageType::DATA_PAGE) continue;
    largest = std::max<int64_t>(largest, static_cast<const parquet::DataPage&>(*page).num_values());
  }
  return largest;
}

TEST_F(TablePropertiesTest, RowGroupSizeIsOfEncodedBytes) {
  EXPECT_EQ(Write(200'000)->metadata()->num_row_groups(), 1);
  options_.properties["write.parquet.row-group-size-bytes"] = "300000";
  const auto file = Write(200'000);
  ASSERT_GT(file->metadata()->num_row_groups(), 3);
  for (int group = 1; group + 1 < file->metadata()->num_row_groups(); ++group) {
    EXPECT_NEAR(static_cast<double>(file->metadata()->RowGroup(group)->total_compressed_size()), 300'000, 60'000);
  }
}

TEST_F(TablePropertiesTest, PagesHaveTheRowsOfTheRowLimit) {
  EXPECT_GT(LargestPage(*Write(50'000), 0), 500);
  options_.properties["write.parquet.page-row-limit"] = "500";
  EXPECT_EQ(LargestPage(*Write(50'000), 0), 500);
}

TEST_F(TablePropertiesTest, PagesHaveTheBytesOfTheSizeLimit) {
  options_.properties["write.parquet.page-size-bytes"] = "8192";
  EXPECT_LT(LargestPage(*Write(100'000), 0), 20'000);
}

TEST_F(TablePropertiesTest, BloomFiltersAreWrittenForTheColumnsThatWantThem) {
  options_.properties = {{"write.parquet.bloom-filter-enabled.column.id", "true"},
                         {"write.parquet.bloom-filter-enabled.column.name", "FALSE"},
                         {"write.parquet.bloom-filter-enabled.column.flag", "true"},  // Parquet has none for booleans
                         {"write.parquet.bloom-filter-fpp.column.id", "0.001"},
                         {"write.parquet.bloom-filter-enabled.column.gone", "true"}};
  const auto file = Write(20'000);
  auto& filters = file->GetBloomFilterReader();
  const auto group = filters.RowGroup(0);
  const auto filter = group->GetColumnBloomFilter(0);
  ASSERT_NE(filter, nullptr);
  EXPECT_EQ(group->GetColumnBloomFilter(1), nullptr);
  EXPECT_EQ(group->GetColumnBloomFilter(2), nullptr);
  const auto ids = file->RowGroup(0)->Column(0);
  std::vector<int64_t> values(20'000);
  int64_t read = 0;
  static_cast<parquet::Int64Reader&>(*ids).ReadBatch(20'000, nullptr, nullptr, values.data(), &read);
  ASSERT_GT(read, 0);
  for (int64_t i = 0; i < read; ++i) EXPECT_TRUE(filter->FindHash(filter->Hash(values[static_cast<size_t>(i)])));
  int64_t false_positives = 0;
  for (int64_t value = 0; value < 10'000; ++value) false_positives += filter->FindHash(filter->Hash(~value * 7919));
  EXPECT_LT(false_positives, 100);
}

TEST_F(TablePropertiesTest, BloomFiltersKeepToTheirBytes) {
  options_.properties = {{"write.parquet.bloom-filter-enabled.column.id", "true"},
                         {"write.parquet.bloom-filter-max-bytes", "4096"}};
  const auto filter = Write(50'000)->GetBloomFilterReader().RowGroup(0)->GetColumnBloomFilter(0);
  ASSERT_NE(filter, nullptr);
  EXPECT_LE(filter->GetBitsetSize(), 4096u);
}

TEST_F(TablePropertiesTest, ValuesThatCannotBeAreRefusedByName) {
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"write.parquet.row-group-size-bytes", "0"},
           {"write.parquet.page-row-limit", "many"},
           {"write.parquet.page-size-bytes", "-1"},
           {"write.parquet.dict-size-bytes", "1 MB"},
           {"write.target-file-size-bytes", ""},
           {"write.parquet.bloom-filter-max-bytes", "x"},
       }) {
    options_.properties = {{key, value}};
    EXPECT_EQ(Refused().code, ErrorCode::kInvalidConfig) << key;
    EXPECT_THAT(Refused().message, ::testing::HasSubstr(key));
  }
  options_.properties = {{"write.parquet.bloom-filter-enabled.column.id", "true"},
                         {"write.parquet.bloom-filter-fpp.column.id", "1"}};
  EXPECT_THAT(Refused().message, ::testing::HasSubstr("between 0 and 1"));
}

TEST_F(TablePropertiesTest, OtherFormatsAndEncryptedTablesAreRefused) {
  options_.properties = {{"write.format.default", "PARQUET"}};
  EXPECT_TRUE(RollingWriter::Make(store_, options_, arrow::default_memory_pool()).has_value());
  options_.properties = {{"write.format.default", "orc"}};
  EXPECT_EQ(Refused().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(Refused().message, ::testing::HasSubstr("orc"));
  options_.properties = {{"encryption.key-id", "k"}};
  EXPECT_EQ(Refused().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace k2i::datafile
