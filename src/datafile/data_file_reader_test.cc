// SPDX-License-Identifier: Apache-2.0
#include "datafile/data_file_reader.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datafile/random_rows_testing.h"
#include "datafile/rolling_writer.h"
#include "iceberg/model/arrow_schema.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::NestedField;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;

/// Counts what is read of a store, and hands it out in parts as a remote one does.
class CountingStore final : public io::ObjectStore {
 public:
  Result<std::string> Read(std::string_view location) override { return files.Read(location); }
  Result<std::unique_ptr<io::InputFile>> OpenForRead(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(auto file, files.OpenForRead(location));
    return std::make_unique<CountingFile>(*this, std::move(file));
  }
  Status Create(std::string_view location, std::string_view bytes) override { return files.Create(location, bytes); }
  Result<std::unique_ptr<io::OutputFile>> OpenForWrite(std::string_view location) override {
    return files.OpenForWrite(location);
  }
  Status Delete(std::string_view location) override { return files.Delete(location); }
  Result<io::FileInfo> Stat(std::string_view location) override { return files.Stat(location); }
  Result<std::vector<io::FileInfo>> List(std::string_view prefix) override { return files.List(prefix); }

  io::MemoryObjectStore files;
  int64_t bytes_read = 0;
  int64_t largest_read = 0;
  std::optional<Error> fail_reads;

 private:
  class CountingFile final : public io::InputFile {
   public:
    CountingFile(CountingStore& store, std::unique_ptr<io::InputFile> file) : store_(store), file_(std::move(file)) {}
    int64_t size_bytes() const override { return file_->size_bytes(); }
    Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
      if (store_.fail_reads) return std::unexpected(*store_.fail_reads);
      store_.bytes_read += length;
      store_.largest_read = std::max(store_.largest_read, length);
      return file_->ReadAt(position, length, out);
    }

   private:
    CountingStore& store_;
    std::unique_ptr<io::InputFile> file_;
  };
};

class DataFileReaderTest : public ::testing::Test {
 protected:
  DataFileReaderTest() {
    options_.format_version = 3;
    options_.data_location = "s3://b/t/data";
    options_.file_name_prefix = "f";
    options_.schema = AllTypesSchema(3);
  }

  std::vector<DataFile> Write(const arrow::RecordBatchVector& batches) {
    auto writer = RollingWriter::Make(store_, options_, arrow::default_memory_pool()).value();
    EXPECT_TRUE(writer->Write(batches).has_value());
    return writer->Finish().value();
  }

  Result<std::shared_ptr<arrow::Table>> Read(const DataFile& file, const Schema& columns,
                                             const ReaderOptions& options = {}) {
    K2I_ASSIGN_OR_RETURN(auto reader,
                         DataFileReader::Open(store_, file, columns, arrow::default_memory_pool(), options));
    arrow::RecordBatchVector batches;
    K2I_RETURN_IF_ERROR(reader->ForEach([&](const arrow::RecordBatch& batch) -> Status {
      EXPECT_TRUE(batch.ValidateFull().ok());
      batches.push_back(batch.Slice(0));
      return {};
    }));
    return arrow::Table::FromRecordBatches(reader->schema(), batches).ValueOrDie();
  }

  static std::shared_ptr<arrow::Table> TableOf(const arrow::RecordBatchVector& batches) {
    return arrow::Table::FromRecordBatches(batches.front()->schema(), batches).ValueOrDie();
  }
  static ::testing::AssertionResult Same(const arrow::ChunkedArray& a, const arrow::ChunkedArray& b) {
    if (a.Equals(b, arrow::EqualOptions::Defaults().nans_equal(true))) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << a.type()->ToString() << " against " << b.type()->ToString();
  }

  /// The schema with only these of its columns, as a struct whose children `edit` may change.
  Schema Columns(const std::vector<std::string>& names) const {
    std::vector<NestedField> fields;
    for (const auto& name : names) fields.push_back(*options_.schema.FindField(name));
    return {.type = Type::Struct(std::move(fields))};
  }

  CountingStore store_;
  WriterOptions options_;
  RandomRows random_{11};
};

TEST_F(DataFileReaderTest, ReadsEveryTypeBack) {
  options_.row_group_rows = 400;
  const arrow::RecordBatchVector batches = {random_.Batch(options_.schema, 1000), random_.Batch(options_.schema, 7)};
  const DataFile file = Write(batches).at(0);
  for (const int64_t batch_rows : {7, 1000, 65'536}) {
    const auto read = Read(file, options_.schema, {.batch_rows = batch_rows});
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    const auto expected = TableOf(batches);
    ASSERT_EQ((*read)->num_columns(), expected->num_columns());
    for (int i = 0; i < expected->num_columns(); ++i) {
      EXPECT_TRUE(Same(*(*read)->column(i), *expected->column(i))) << expected->field(i)->name() << batch_rows;
    }
  }
  const auto reader = DataFileReader::Open(store_, file, {.type = Type::Struct({})}, arrow::default_memory_pool());
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  EXPECT_EQ((*reader)->row_count(), 1007);
  EXPECT_EQ((*reader)->size_bytes(), file.file_size_in_bytes);
}

TEST_F(DataFileReaderTest, EveryPartitionsFileHoldsItsRows) {
  const auto* column = options_.schema.FindField("small");
  options_.spec.fields.push_back({column->field_id, 1000, "p", iceberg::Transform::Parse("bucket[4]").value()});
  const auto rows = random_.Batch(options_.schema, 500);
  int64_t total = 0;
  const auto files = Write({rows});
  ASSERT_GT(files.size(), 2u);
  for (const DataFile& file : files) {
    const auto read = Read(file, Columns({column->name}));
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    EXPECT_EQ((*read)->num_rows(), file.record_count);
    total += (*read)->num_rows();
  }
  EXPECT_EQ(total, 500);
}

TEST_F(DataFileReaderTest, FindsColumnsByIdWhateverTheirNames) {
  const auto batch = random_.Batch(options_.schema, 100);
  const DataFile file = Write({batch}).at(0);
  Schema columns = Columns({"user", "tags"});
  std::vector<NestedField> fields = columns.fields();
  std::swap(fields[0], fields[1]);
  fields[0].name = "labels";
  fields.push_back({9999, "added", Type::Primitive(TypeId::kString)});
  const auto read = Read(file, {.type = Type::Struct(fields)});
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_TRUE(Same(*(*read)->GetColumnByName("labels"), *TableOf({batch})->GetColumnByName("tags")));
  EXPECT_TRUE(Same(*(*read)->GetColumnByName("user"), *TableOf({batch})->GetColumnByName("user")));
  EXPECT_EQ((*read)->GetColumnByName("added")->null_count(), 100);
}

TEST_F(DataFileReaderTest, EvolvedStructsGetNullsForNewChildrenAndDropOldOnes) {
  const auto batch = random_.Batch(options_.schema, 100);
  const DataFile file = Write({batch}).at(0);
  const NestedField user = *options_.schema.FindField("user");
  NestedField kept = user.type->fields()[0];
  kept.name = "renamed";
  NestedField wanted = user;
  wanted.type = Type::Struct({{9998, "new", Type::Primitive(TypeId::kLong)}, kept});
  const auto read = Read(file, {.type = Type::Struct({wanted})}, {.batch_rows = 33});
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  const auto before = std::static_pointer_cast<arrow::StructArray>(batch->GetColumnByName("user"));
  int64_t row = 0;
  for (const auto& chunk : (*read)->column(0)->chunks()) {
    const auto& users = static_cast<const arrow::StructArray&>(*chunk);
    for (int64_t i = 0; i < users.length(); ++i, ++row) {
      ASSERT_EQ(users.IsNull(i), before->IsNull(row));
      if (users.IsNull(i)) continue;
      EXPECT_TRUE(users.field(0)->IsNull(i));
      EXPECT_TRUE(users.field(1)->Slice(i, 1)->Equals(before->field(0)->Slice(row, 1)));
    }
  }
  wanted.type = Type::Struct({{9998, "new", Type::Primitive(TypeId::kLong)}});
  const auto only_new = Read(file, {.type = Type::Struct({wanted})});
  ASSERT_TRUE(only_new.has_value()) << only_new.error().ToString();
  EXPECT_EQ((*only_new)->column(0)->null_count(), before->null_count());
}

TEST_F(DataFileReaderTest, PromotesTypes) {
  options_.schema.type = Type::Struct({{1, "i", Type::Primitive(TypeId::kInt)},
                                       {2, "f", Type::Primitive(TypeId::kFloat)},
                                       {3, "d", Type::Decimal(9, 2)}});
  const auto batch = random_.Batch(options_.schema, 50);
  const DataFile file = Write({batch}).at(0);
  const auto read = Read(file, {.type = Type::Struct({{1, "i", Type::Primitive(TypeId::kLong)},
                                                      {2, "f", Type::Primitive(TypeId::kDouble)},
                                                      {3, "d", Type::Decimal(20, 2)}})});
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  for (int64_t row = 0; row < 50; ++row) {
    const auto before = batch->column(0)->GetScalar(row).ValueOrDie();
    const auto after = (*read)->column(0)->GetScalar(row).ValueOrDie();
    EXPECT_EQ(before->ToString(), after->ToString());
    EXPECT_EQ(batch->column(2)->GetScalar(row).ValueOrDie()->ToString(),
              (*read)->column(2)->GetScalar(row).ValueOrDie()->ToString());
  }
}

TEST_F(DataFileReaderTest, ReadsOnlyTheColumnsAskedForAndInParts) {
  options_.schema.type =
      Type::Struct({{1, "n", Type::Primitive(TypeId::kLong)}, {2, "text", Type::Primitive(TypeId::kBinary)}});
  options_.compression = "uncompressed";
  random_.distinct = 1'000'000;
  random_.max_text = 100;
  const DataFile file = Write({random_.Batch(options_.schema, 100'000)}).at(0);
  ASSERT_GT(file.file_size_in_bytes, 2'000'000);
  ASSERT_TRUE(Read(file, Columns({"n"}), {.batch_rows = 1000, .buffer_bytes = 64 << 10}).has_value());
  EXPECT_LT(store_.bytes_read, file.file_size_in_bytes / 2);
  EXPECT_LE(store_.largest_read, 1 << 20);
}

TEST_F(DataFileReaderTest, GivesSmallDictionariesAsTheyStand) {
  options_.schema.type = Type::Struct({{1, "few", Type::Primitive(TypeId::kString)},
                                       {2, "mixed", Type::Primitive(TypeId::kString)},
                                       {3, "bytes", Type::Primitive(TypeId::kBinary)}});
  options_.row_group_rows = 30'000;
  options_.properties["write.parquet.dict-size-bytes"] = "2000";
  arrow::StringBuilder few, mixed;
  arrow::BinaryBuilder bytes;
  for (int i = 0; i < 60'000; ++i) {
    const std::string text = "w" + std::to_string(i % 20 + i / 1000);
    ASSERT_TRUE((i % 7 == 0 ? few.AppendNull() : few.Append(text)).ok());
    ASSERT_TRUE(mixed.Append(i < 35'000 ? text : "number " + std::to_string(i)).ok());
    ASSERT_TRUE(bytes.Append(text).ok());
  }
  const auto rows =
      arrow::RecordBatch::Make(iceberg::ToArrowSchema(options_.schema).value(), 60'000,
                               {few.Finish().ValueOrDie(), mixed.Finish().ValueOrDie(), bytes.Finish().ValueOrDie()});
  const DataFile file = Write({rows}).at(0);
  for (const int64_t batch_rows : {7777, 65'536}) {
    const auto read = Read(file, options_.schema, {.batch_rows = batch_rows, .dictionaries = true});
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    EXPECT_TRUE((*read)->column(0)->type()->Equals(arrow::dictionary(arrow::int32(), arrow::utf8())));
    EXPECT_TRUE((*read)->column(1)->type()->Equals(arrow::utf8())) << "goes on in plain in the second row group";
    const auto plain = arrow::compute::Cast((*read)->column(0), arrow::utf8()).ValueOrDie().chunked_array();
    EXPECT_TRUE(Same(*plain, *TableOf({rows})->column(0)));
    for (const int i : {1, 2}) EXPECT_TRUE(Same(*(*read)->column(i), *TableOf({rows})->column(i)));
  }
  const auto first = Read(file, options_.schema, {.row_groups = {{0}}, .dictionaries = true});
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  EXPECT_TRUE((*first)->column(1)->type()->Equals(arrow::dictionary(arrow::int32(), arrow::utf8())));
}

TEST_F(DataFileReaderTest, FindsIndexesBeyondTheirDictionary) {
  options_.schema.type = Type::Struct({{1, "text", Type::Primitive(TypeId::kString), /*optional=*/false}});
  options_.compression = "uncompressed";
  arrow::StringBuilder texts;
  for (int i = 0; i < 24; ++i) ASSERT_TRUE(texts.Append(std::string(1, static_cast<char>('a' + i % 3))).ok());
  const DataFile file = Write({arrow::RecordBatch::Make(iceberg::ToArrowSchema(options_.schema).value(), 24,
                                                        {texts.Finish().ValueOrDie()})})
                            .at(0);
  ASSERT_TRUE(Read(file, options_.schema, {.dictionaries = true}).has_value());
  std::string bytes = store_.Read(file.file_path).value();
  const size_t indexes = bytes.find("\x24\x49\x92");  // 0, 1, 2, 0 … in two bits each
  ASSERT_NE(indexes, std::string::npos);
  bytes[indexes + 1] = '\xff';
  store_.files.Overwrite(file.file_path, bytes);
  EXPECT_EQ(Read(file, options_.schema, {.dictionaries = true}).error().code, ErrorCode::kCorruption);
}

TEST_F(DataFileReaderTest, TellsAStoreThatFailsFromAFileThatIsBroken) {
  const DataFile file = Write({random_.Batch(options_.schema, 100)}).at(0);
  store_.fail_reads = Error{ErrorCode::kUnavailable, "away", Component::kStorage};
  auto read = Read(file, options_.schema);
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(read.error().component, Component::kStorage);
  store_.fail_reads.reset();

  const std::string bytes = store_.Read(file.file_path).value();
  for (const std::string& damaged : {bytes.substr(0, bytes.size() / 2), std::string("PAR1"), std::string()}) {
    store_.files.Overwrite(file.file_path, damaged);
    EXPECT_EQ(Read(file, options_.schema).error().code, ErrorCode::kCorruption);
  }
  ASSERT_TRUE(store_.Delete(file.file_path).has_value());
  EXPECT_EQ(Read(file, options_.schema).error().code, ErrorCode::kNotFound);
}

TEST_F(DataFileReaderTest, RefusesWhatItCannotRead) {
  DataFile file = Write({random_.Batch(options_.schema, 10)}).at(0);
  std::vector<NestedField> fields = {{9999, "gone", Type::Primitive(TypeId::kString), /*optional=*/false}};
  EXPECT_EQ(Read(file, {.type = Type::Struct(fields)}).error().code, ErrorCode::kCorruption);
  file.file_format = "ORC";
  EXPECT_EQ(Read(file, options_.schema).error().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace k2i::datafile
