// SPDX-License-Identifier: Apache-2.0
#include "datafile/rolling_writer.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <random>

#include "datafile/leaf_column.h"
#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::Transform;
using iceberg::Type;
using iceberg::TypeId;

class RollingWriterTest : public ::testing::Test {
 protected:
  RollingWriterTest() {
    options_.format_version = 3;
    options_.data_location = "s3://b/t/data";
    options_.file_name_prefix = "flush7";
    options_.schema = AllTypesSchema(3);
    options_.spec.spec_id = 4;
    options_.sort_order_id = 2;
  }
  std::unique_ptr<RollingWriter> Make() {
    auto writer = RollingWriter::Make(store_, options_, arrow::default_memory_pool());
    EXPECT_TRUE(writer.has_value()) << writer.error().ToString();
    return *std::move(writer);
  }
  std::unique_ptr<parquet::arrow::FileReader> Open(const std::string& location) {
    std::shared_ptr<arrow::io::RandomAccessFile> input =
        arrow::io::BufferReader::FromString(store_.Read(location).value());
    return parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  }
  std::shared_ptr<arrow::Table> Read(const std::string& location) { return Open(location)->ReadTable().ValueOrDie(); }
  std::shared_ptr<arrow::Table> Expected(const arrow::RecordBatchVector& batches) {
    return arrow::Table::FromRecordBatches(batches.front()->schema(), batches).ValueOrDie();
  }
  static ::testing::AssertionResult Same(const arrow::Table& read, const arrow::Table& expected) {
    for (int i = 0; i < expected.num_columns(); ++i) {
      if (read.column(i)->Equals(*expected.column(i), arrow::EqualOptions::Defaults().nans_equal(true))) continue;
      return ::testing::AssertionFailure() << "values of " << expected.field(i)->ToString();
    }
    return ::testing::AssertionSuccess();
  }
  void PartitionBy(const std::string& column, const std::string& transform) {
    options_.spec.fields.push_back(
        {options_.schema.FindField(column)->field_id, 1000, column + "_p", Transform::Parse(transform).value()});
  }

  io::MemoryObjectStore store_;
  WriterOptions options_;
  RandomRows random_{5};
};

/// Rows of hardly compressible values; 64 bytes a row.
arrow::RecordBatchVector ManyRows(const iceberg::Schema& schema, int batches, int64_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  arrow::RecordBatchVector all;
  for (int i = 0; i < batches; ++i) {
    arrow::Int64Builder ids;
    arrow::StringBuilder texts;
    arrow::DoubleBuilder numbers;
    for (int64_t row = 0; row < rows; ++row) {
      std::string text(44, ' ');
      for (char& c : text) c = static_cast<char>('!' + random() % 90);
      EXPECT_TRUE(ids.Append(static_cast<int64_t>(random() >> 1)).ok());
      EXPECT_TRUE(texts.Append(text).ok());
      EXPECT_TRUE(numbers.Append(static_cast<double>(random())).ok());
    }
    all.push_back(arrow::RecordBatch::Make(
        iceberg::ToArrowSchema(schema).value(), rows,
        {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()}));
  }
  return all;
}

/// A flush holds its rows once: what comes to them is of one row group, and of the copies that partitions need.
class RollingWriterMemoryTest : public RollingWriterTest, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Partitions, RollingWriterMemoryTest, ::testing::Values(1, 2, 16));

TEST_P(RollingWriterMemoryTest, IsThatOfOneRowGroupBesideTheRows) {
  options_.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                       {2, "text", Type::Primitive(TypeId::kString)},
                                       {3, "number", Type::Primitive(TypeId::kDouble)}});
  options_.row_group_bytes = options_.max_copied_bytes = 4 << 20;
  if (GetParam() > 1) PartitionBy("id", "bucket[" + std::to_string(GetParam()) + "]");
  const auto rows = ManyRows(options_.schema, 32, 16'384, 3);
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  auto writer = RollingWriter::Make(store_, options_, &pool).value();
  ASSERT_TRUE(writer->Write(rows).has_value());
  const std::vector<DataFile> files = writer->Finish().value();
  EXPECT_EQ(std::ssize(files), GetParam());
  int64_t written = 0;
  for (const DataFile& file : files) written += file.file_size_in_bytes;
  ASSERT_GT(written, 25 << 20) << "of 32 MB of rows";
  const int64_t encoding = 2 * options_.row_group_bytes;
  EXPECT_LT(pool.max_memory(), encoding + (GetParam() > 1 ? options_.max_copied_bytes : 0));
}

TEST_F(RollingWriterTest, ReadsBackWhatWasWritten) {
  options_.row_group_rows = 400;
  const arrow::RecordBatchVector batches = {random_.Batch(options_.schema, 1000),
                                            random_.Batch(options_.schema, 3)->Slice(1),
                                            random_.Batch(options_.schema, 0)};
  auto writer = Make();
  ASSERT_TRUE(writer->Write(batches).has_value());
  const std::vector<DataFile> files = writer->Finish().value();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].file_path, "s3://b/t/data/flush7-00000.parquet");
  EXPECT_EQ(files[0].record_count, 1002);
  EXPECT_EQ(files[0].spec_id, 4);
  EXPECT_EQ(files[0].sort_order_id, 2);
  EXPECT_EQ(files[0].file_size_in_bytes, store_.Stat(files[0].file_path)->size_bytes);
  EXPECT_EQ(files[0].split_offsets.size(), 3u);
  EXPECT_TRUE(Same(*Read(files[0].file_path), *Expected(batches)));
}

void CollectNodes(const parquet::schema::Node& node, std::map<std::string, const parquet::schema::Node*>& nodes) {
  nodes[node.path()->ToDotString()] = &node;
  if (!node.is_group()) return;
  const auto& group = static_cast<const parquet::schema::GroupNode&>(node);
  for (int i = 0; i < group.field_count(); ++i) CollectNodes(*group.field(i), nodes);
}

TEST_F(RollingWriterTest, FilesCarryFieldIdsAndIcebergsParquetTypes) {
  auto writer = Make();
  ASSERT_TRUE(writer->Write(arrow::RecordBatchVector{random_.Batch(options_.schema, 10)}).has_value());
  const auto reader = Open(writer->Finish().value()[0].file_path);
  const auto metadata = reader->parquet_reader()->metadata();
  std::map<std::string, const parquet::schema::Node*> nodes;
  CollectNodes(*metadata->schema()->group_node(), nodes);
  for (const auto& [path, name] : std::map<std::string, std::string>{{"user", "user"},
                                                                     {"user.address", "user.address"},
                                                                     {"tags", "tags"},
                                                                     {"points.list.element", "points.element"},
                                                                     {"props", "props"}}) {
    ASSERT_TRUE(nodes.contains(path)) << path;
    EXPECT_EQ(nodes[path]->field_id(), options_.schema.FindField(name)->field_id) << path;
  }
  for (const LeafColumn& leaf : LeafColumns(options_.schema)) {
    ASSERT_TRUE(nodes.contains(leaf.parquet_path)) << leaf.parquet_path;
    EXPECT_EQ(nodes[leaf.parquet_path]->field_id(), leaf.field_id);
  }
  const auto physical = [&](const std::string& path) {
    return static_cast<const parquet::schema::PrimitiveNode*>(nodes[path])->physical_type();
  };
  const auto logical = [&](const std::string& path) { return nodes[path]->logical_type()->ToString(); };
  EXPECT_EQ(physical("price9"), parquet::Type::INT32);
  EXPECT_EQ(physical("price18"), parquet::Type::INT64);
  EXPECT_EQ(physical("price38"), parquet::Type::FIXED_LEN_BYTE_ARRAY);
  EXPECT_EQ(logical("price9"), "Decimal(precision=9, scale=2)");
  EXPECT_EQ(logical("id"), "UUID");
  EXPECT_EQ(logical("user.address.uid"), "UUID");
  EXPECT_EQ(logical("points.list.element.u"), "UUID");
  EXPECT_EQ(logical("name"), "String");
  EXPECT_EQ(logical("day"), "Date");
  EXPECT_EQ(logical("code"), "None");
  EXPECT_NE(logical("at").find("isAdjustedToUTC=false, timeUnit=microseconds"), std::string::npos) << logical("at");
  EXPECT_NE(logical("ts").find("isAdjustedToUTC=false, timeUnit=microseconds"), std::string::npos) << logical("ts");
  EXPECT_NE(logical("tstz").find("isAdjustedToUTC=true, timeUnit=microseconds"), std::string::npos) << logical("tstz");
  EXPECT_NE(logical("tstz_ns").find("isAdjustedToUTC=true, timeUnit=nanoseconds"), std::string::npos)
      << logical("tstz_ns");
  EXPECT_TRUE(nodes["big"]->is_required());
  EXPECT_TRUE(nodes["small"]->is_optional());
  EXPECT_TRUE(metadata->key_value_metadata() == nullptr || !metadata->key_value_metadata()->Contains("ARROW:schema"));
}

TEST_F(RollingWriterTest, EveryCodecReadsBackAndLz4IsRaw) {
  const std::map<std::string, arrow::Compression::type> codecs = {
      {"zstd", arrow::Compression::ZSTD},     {"gzip", arrow::Compression::GZIP},
      {"snappy", arrow::Compression::SNAPPY}, {"lz4", arrow::Compression::LZ4},
      {"brotli", arrow::Compression::BROTLI}, {"uncompressed", arrow::Compression::UNCOMPRESSED}};
  const arrow::RecordBatchVector batches = {random_.Batch(options_.schema, 500)};
  for (const auto& [name, codec] : codecs) {
    SCOPED_TRACE(name);
    options_.properties["write.parquet.compression-codec"] = name;
    auto writer = Make();
    ASSERT_TRUE(writer->Write(batches).has_value());
    const std::string location = writer->Finish().value()[0].file_path;
    EXPECT_TRUE(Same(*Read(location), *Expected(batches)));
    // "name" compresses well and has too many values for a dictionary.
    const int column = Open(location)->parquet_reader()->metadata()->schema()->ColumnIndex("name");
    EXPECT_EQ(Open(location)->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(column)->compression(), codec);
  }
}

TEST_F(RollingWriterTest, StartsANewFileWhenOneHasReachedItsSize) {
  options_.target_file_size_bytes = 200'000;
  options_.row_group_rows = 2000;
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 10; ++i) batches.push_back(random_.Batch(options_.schema, 1000));
  std::vector<std::string> started, finished;
  options_.on_file_started = [&](const std::string& location) -> Status {
    return started.push_back(location), Status{};
  };
  options_.on_file_finished = [&](const DataFile& file) -> Status {
    EXPECT_TRUE(store_.Exists(file.file_path));
    return finished.push_back(file.file_path), Status{};
  };
  auto writer = Make();
  ASSERT_TRUE(writer->Write(batches).has_value());
  EXPECT_GE(finished.size(), 2u);  // before Finish
  const std::vector<DataFile> files = writer->Finish().value();
  ASSERT_GE(files.size(), 3u);
  EXPECT_EQ(started, finished);
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i].file_path, started[i]);
    EXPECT_GT(files[i].file_size_in_bytes, i + 1 < files.size() ? 150'000 : 0);
    EXPECT_LT(files[i].file_size_in_bytes, 300'000);
    tables.push_back(Read(files[i].file_path));
  }
  EXPECT_TRUE(Same(*arrow::ConcatenateTables(tables).ValueOrDie(), *Expected(batches)));
}

TEST_F(RollingWriterTest, RowsOfEachPartitionGoToFilesOfTheirOwn) {
  PartitionBy("small", "identity");
  random_.distinct = 40;
  options_.max_open_files = 5;
  options_.max_pending_bytes = 20'000;  // far below what is written: row groups are encoded as it goes
  int64_t most_open = 0;
  options_.on_file_started = [&](const std::string&) -> Status {
    most_open = std::max<int64_t>(most_open, static_cast<int64_t>(store_.open_files()));
    return {};
  };
  auto writer = Make();
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 20; ++i) batches.push_back(random_.Batch(options_.schema, 100));
  ASSERT_TRUE(writer->Write(batches).has_value());
  const std::vector<DataFile> files = writer->Finish().value();
  EXPECT_LE(most_open, 6);
  EXPECT_GT(files.size(), 41u);
  int64_t rows = 0;
  for (const DataFile& file : files) {
    rows += file.record_count;
    ASSERT_EQ(file.partition.size(), 1u);
    const auto column = Read(file.file_path)->GetColumnByName("small");
    const std::string folder =
        "s3://b/t/data/small_p=" + iceberg::ToHumanString(*Type::Primitive(TypeId::kInt), file.partition[0]) + "/";
    EXPECT_TRUE(file.file_path.starts_with(folder)) << file.file_path;
    for (const auto& chunk : column->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i)
        EXPECT_EQ(LiteralAt(*chunk, *Type::Primitive(TypeId::kInt), i), file.partition[0]);
    }
  }
  EXPECT_EQ(rows, 2000);
}

TEST_F(RollingWriterTest, NoRowsNoFiles) {
  auto writer = Make();
  ASSERT_TRUE(writer->Write({}).has_value());
  EXPECT_TRUE(writer->Finish().value().empty());
  EXPECT_TRUE(writer->started_files().empty());
  EXPECT_EQ(store_.live_files(), 0u);
}

TEST_F(RollingWriterTest, RefusesRowsOfAnotherSchema) {
  auto writer = Make();
  const auto rows = random_.Batch(options_.schema, 2);
  const auto fewer = rows->RemoveColumn(0).ValueOrDie();
  EXPECT_EQ(writer->Write(std::vector{fewer}).error().code, ErrorCode::kInvalidArgument);
  const auto other =
      rows->SetColumn(1, arrow::field("small", arrow::int64()), arrow::MakeArrayOfNull(arrow::int64(), 2).ValueOrDie())
          .ValueOrDie();
  const auto refused = writer->Write(std::vector{other});
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("small"), std::string::npos);
}

TEST_F(RollingWriterTest, RefusesNullsInRequiredColumns) {
  auto writer = Make();
  const auto rows = random_.Batch(options_.schema, 2);
  const auto nulls =
      rows->SetColumn(2, rows->schema()->field(2), arrow::MakeArrayOfNull(arrow::int64(), 2).ValueOrDie()).ValueOrDie();
  ASSERT_TRUE(writer->Write(std::vector{nulls}).has_value());
  const auto files = writer->Finish();
  ASSERT_FALSE(files.has_value());
  EXPECT_EQ(files.error().code, ErrorCode::kInvalidArgument);
  writer.reset();
  EXPECT_EQ(store_.live_files(), 0u);
}

TEST_F(RollingWriterTest, RefusesOptionsThatCannotBeMet) {
  const auto code = [&] { return RollingWriter::Make(store_, options_, arrow::default_memory_pool()).error().code; };
  const WriterOptions good = options_;
  for (const auto& [key, value] : std::map<std::string, std::string>{{"write.parquet.compression-codec", "lzo"},
                                                                     {"write.parquet.compression-level", "fast"},
                                                                     {"write.target-file-size-bytes", "0"},
                                                                     {"write.metadata.metrics.default", "some"},
                                                                     {"k2i.parquet.encodings", "best"},
                                                                     {"write.parquet.dict-size-bytes", "-3"}}) {
    options_ = good;
    options_.properties[key] = value;
    EXPECT_EQ(code(), ErrorCode::kInvalidConfig) << key;
  }
  options_ = good;
  options_.format_version = 2;  // has no timestamp_ns
  EXPECT_EQ(code(), ErrorCode::kInvalidArgument);
  options_ = good;
  options_.row_group_rows = 0;
  EXPECT_EQ(code(), ErrorCode::kInvalidArgument);
  options_ = good;
  options_.data_location = {};
  EXPECT_EQ(code(), ErrorCode::kInvalidArgument);
}

/// A fault at each kind of call, lost request and lost reply.
class StoreFaultTest : public RollingWriterTest,
                       public ::testing::WithParamInterface<std::tuple<io::StoreOp, io::StoreCall::Phase>> {};

TEST_P(StoreFaultTest, IsReportedAsTheStoreSaidItAndNothingVisibleIsDeleted) {
  const auto [op, phase] = GetParam();
  options_.target_file_size_bytes = 150'000;
  int calls = 0, deletes = 0;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    deletes += call.op == io::StoreOp::kDelete;
    if (call.op != op || call.phase != phase || ++calls < 2) return {};
    return Fail(ErrorCode::kTimeout, "no answer", Component::kStorage);
  });
  auto writer = Make();
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 10; ++i) batches.push_back(random_.Batch(options_.schema, 1000));
  Status result = writer->Write(batches);
  if (result.has_value()) {
    const auto files = writer->Finish();
    ASSERT_FALSE(files.has_value());
    result = std::unexpected(files.error());
  }
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(result.error().component, Component::kStorage);
  const auto visible = store_.locations();
  EXPECT_GE(visible.size(), 1u);  // the first file was whole before the fault
  writer->Abort();
  EXPECT_EQ(store_.open_files(), 0u);
  EXPECT_EQ(store_.locations(), visible);
  EXPECT_EQ(deletes, 0);
  for (const std::string& location : visible) EXPECT_EQ(std::ranges::count(writer->started_files(), location), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, StoreFaultTest,
    ::testing::Combine(::testing::Values(io::StoreOp::kOpenForWrite, io::StoreOp::kAppend, io::StoreOp::kClose),
                       ::testing::Values(io::StoreCall::Phase::kBefore, io::StoreCall::Phase::kAfter)));

TEST_F(RollingWriterTest, ACallbacksErrorStopsTheWriter) {
  options_.on_file_started = [](const std::string&) {
    return Status(Fail(ErrorCode::kUnavailable, "log", Component::kTransactionLog));
  };
  auto writer = Make();
  ASSERT_TRUE(writer->Write(std::vector{random_.Batch(options_.schema, 2)}).has_value());
  EXPECT_EQ(writer->Finish().error().component, Component::kTransactionLog);
  EXPECT_EQ(store_.open_files(), 0u);
}

TEST_F(RollingWriterTest, AbortLeavesNoOpenFile) {
  options_.row_group_rows = 10;
  auto writer = Make();
  ASSERT_TRUE(writer->Write(std::vector{random_.Batch(options_.schema, 100)}).has_value());
  EXPECT_EQ(store_.open_files(), 1u);
  writer->Abort();
  EXPECT_EQ(store_.open_files(), 0u);
  EXPECT_EQ(store_.live_files(), 0u);
  EXPECT_EQ(writer->started_files().size(), 1u);
}

}  // namespace
}  // namespace k2i::datafile
