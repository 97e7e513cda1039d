// SPDX-License-Identifier: Apache-2.0
#include "datafile/live_row_reader.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include "datafile/delete_files_testing.h"
#include "datafile/rolling_writer.h"
#include "datafile/row_group_statistics.h"
#include "iceberg/model/arrow_schema.h"
#include "io/memory_object_store_testing.h"

namespace k2i::datafile {
namespace {

using iceberg::DataFile;
using iceberg::ManifestEntry;
using iceberg::NestedField;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFolder = "s3://b/t/data";

/// A table of one data file of 1,000 rows (id 0, 1, …; name "n0" … "n9", null for each 10th; score NaN for each 7th) in
/// row groups of 100, and what deletes of it.
class LiveRowReaderTest : public testing::Test {
 protected:
  LiveRowReaderTest() {
    const auto of = [](TypeId id) { return Type::Primitive(id); };
    schema_ = {.type = Type::Struct({{1, "id", of(TypeId::kLong)},
                                     {2, "name", of(TypeId::kString)},
                                     {3, "score", of(TypeId::kDouble)},
                                     {4, "where", Type::Struct({{5, "x", of(TypeId::kInt)}})}})};
    table_.schemas = {schema_};
    table_.partition_specs = {iceberg::PartitionSpec{}};
    WriterOptions options{.data_location = kFolder, .file_name_prefix = "a", .schema = schema_, .row_group_rows = 100};
    auto writer = RollingWriter::Make(store_, options, pool_).value();
    std::string json = "[";
    for (int id = 0; id < 1000; ++id) {
      json += std::string(id > 0 ? "," : "") + "[" + std::to_string(id) + "," +
              (id % 10 == 3 ? "null" : "\"n" + std::to_string(id % 10) + "\"") + "," +
              (id % 7 == 0 ? "NaN" : std::to_string(id) + ".5") + ",{\"x\":1}]";
    }
    const arrow::RecordBatchVector rows{Rows(schema_, json + "]")};
    EXPECT_TRUE(writer->Write(rows).has_value());
    data_.sequence_number = 5;
    data_.data_file = writer->Finish().value().at(0);
  }

  static std::shared_ptr<arrow::RecordBatch> Rows(const Schema& schema, const std::string& json) {
    const auto arrow_schema = iceberg::ToArrowSchema(schema).value();
    const auto array = arrow::json::ArrayFromJSONString(arrow::struct_(arrow_schema->fields()), json).ValueOrDie();
    const auto batch = arrow::RecordBatch::FromStructArray(array).ValueOrDie();
    return arrow::RecordBatch::Make(arrow_schema, batch->num_rows(), batch->columns());
  }

  Schema Columns(const std::vector<std::string>& names) const {
    std::vector<NestedField> fields;
    for (const auto& name : names) fields.push_back(*schema_.FindField(name));
    return {.type = Type::Struct(std::move(fields))};
  }

  void Delete(DataFile file, int64_t sequence_number = 6) {
    ManifestEntry entry;
    entry.sequence_number = sequence_number;
    entry.data_file = std::move(file);
    deletes_.push_back(std::move(entry));
  }
  void DeletePositions(const std::vector<int64_t>& positions, int64_t row_group_rows = 1'000'000) {
    std::vector<std::pair<std::string, int64_t>> rows;
    for (const int64_t position : positions) rows.emplace_back(data_.data_file.file_path, position);
    Delete(WritePositionDeletes(store_, kFolder, NextName(), rows, row_group_rows));
  }
  void DeleteEqual(const std::vector<std::string>& columns, const std::string& json, int64_t sequence_number = 6) {
    const Schema schema = Columns(columns);
    Delete(WriteEqualityDeletes(store_, kFolder, NextName(), schema, Rows(schema, json)), sequence_number);
  }
  std::string NextName() { return "d" + std::to_string(deletes_.size()); }

  iceberg::DeletesOfFile Applying() const {
    return iceberg::DeleteIndex::Make(deletes_, table_.partition_specs).value().For(data_).value();
  }
  Result<std::shared_ptr<const DeletedRows>> Load() {
    DeleteLoader loader(store_, table_, pool_, loading_);
    return loader.Load(data_.data_file, Applying());
  }
  Result<std::shared_ptr<arrow::Table>> Read(const Schema& columns, const ReaderOptions& options = {}) {
    K2I_ASSIGN_OR_RETURN(auto deleted, Load());
    K2I_ASSIGN_OR_RETURN(auto reader,
                         LiveRowReader::Open(store_, data_.data_file, columns, std::move(deleted), pool_, options));
    arrow::RecordBatchVector batches;
    rows_ = 0;
    K2I_RETURN_IF_ERROR(reader->ForEach([&](const arrow::RecordBatch& batch) -> Status {
      EXPECT_GT(batch.num_rows(), 0);
      EXPECT_TRUE(batch.ValidateFull().ok());
      rows_ += batch.num_rows();
      batches.push_back(batch.Slice(0));
      return {};
    }));
    return arrow::Table::FromRecordBatches(reader->schema(), batches).ValueOrDie();
  }
  std::vector<int64_t> Ids(const ReaderOptions& options = {}) {
    const auto read = Read(Columns({"id"}), options);
    if (!read) ADD_FAILURE() << read.error().ToString();
    std::vector<int64_t> ids;
    if (!read) return ids;
    EXPECT_EQ((*read)->num_columns(), 1);
    for (const auto& chunk : (*read)->column(0)->chunks()) {
      const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
    }
    return ids;
  }
  /// The ids that are left when those for which `gone` holds are not.
  template <typename Gone>
  static std::vector<int64_t> Without(Gone gone, int64_t from = 0, int64_t to = 1000) {
    std::vector<int64_t> ids;
    for (int64_t id = from; id < to; ++id) {
      if (!gone(id)) ids.push_back(id);
    }
    return ids;
  }

  io::MemoryObjectStore store_;
  arrow::MemoryPool* pool_ = arrow::default_memory_pool();
  Schema schema_;
  iceberg::TableMetadata table_;
  ManifestEntry data_;
  std::vector<ManifestEntry> deletes_;
  DeleteLoaderOptions loading_;
  int64_t rows_ = 0;
};

TEST_F(LiveRowReaderTest, GivesAllRowsWhereNothingIsDeleted) {
  EXPECT_EQ(Ids(), Without([](int64_t) { return false; }));
  EXPECT_EQ(LiveRowCount(data_.data_file, Applying()), 1000);
}

TEST_F(LiveRowReaderTest, AppliesADeletionVector) {
  Delete(WriteDeletionVector(store_, kFolder, "v", data_.data_file.file_path, {0, 1, 99, 100, 555, 999}));
  const std::set<int64_t> gone = {0, 1, 99, 100, 555, 999};
  for (const int64_t batch_rows : {1, 7, 100, 65'536}) {
    EXPECT_EQ(Ids({.batch_rows = batch_rows}), Without([&](int64_t id) { return gone.contains(id); }));
  }
  EXPECT_EQ(LiveRowCount(data_.data_file, Applying()), 994);
}

TEST_F(LiveRowReaderTest, PositionsHoldWhereRowGroupsAreLeftOut) {
  std::vector<int64_t> gone;
  for (int64_t id = 0; id < 1000; id += 3) gone.push_back(id);
  DeletePositions(gone);
  const auto thirds = [](int64_t id) { return id % 3 == 0; };
  for (const int64_t batch_rows : {30, 150, 65'536}) {
    ReaderOptions options{.batch_rows = batch_rows, .row_groups = std::vector<int>{1, 4, 5, 9}};
    std::vector<int64_t> wanted = Without(thirds, 100, 200);
    for (const auto& [from, to] : {std::pair{400, 600}, {900, 1000}}) {
      const auto more = Without(thirds, from, to);
      wanted.insert(wanted.end(), more.begin(), more.end());
    }
    EXPECT_EQ(Ids(options), wanted) << batch_rows;
  }
  ReaderOptions kept;
  kept.keep_row_group = [](const RowGroupStatistics& group) {
    const auto ids = group.Of(1, *Type::Primitive(TypeId::kLong));
    return std::get<int64_t>(*ids->lower) == 300;
  };
  EXPECT_EQ(Ids(kept), Without(thirds, 300, 400));
}

TEST_F(LiveRowReaderTest, JoinsPositionDeleteFiles) {
  DeletePositions({5, 6});
  DeletePositions({6, 999}, 1);
  Delete(WritePositionDeletes(store_, kFolder, "others",
                              {{"s3://b/t/data/0.parquet", 8}, {data_.data_file.file_path, 9}, {"s3://b/z", 10}}));
  Delete(WritePositionDeletes(store_, kFolder, "older", {{data_.data_file.file_path, 11}}), 4);
  const std::set<int64_t> gone = {5, 6, 9, 999};
  const auto wanted = Without([&](int64_t id) { return gone.contains(id); });
  EXPECT_EQ(Ids(), wanted);
  EXPECT_EQ(LiveRowCount(data_.data_file, Applying()), std::nullopt);
  loading_.cache_bytes = 0;
  EXPECT_EQ(Ids(), wanted) << "without a cache";
}

TEST_F(LiveRowReaderTest, ReadsOnlyTheRowGroupsThatNameTheFile) {
  std::vector<std::pair<std::string, int64_t>> deletes;
  for (const std::string file : {"s3://b/a", data_.data_file.file_path.c_str(), "s3://b/z"}) {
    for (int64_t i = 0; i < 500; ++i) deletes.emplace_back(file, i);
  }
  const DataFile file = WritePositionDeletes(store_, kFolder, "large", deletes, 500);
  EXPECT_EQ(ReadPositionDeletesOf(store_, file, data_.data_file.file_path, pool_)->cardinality(), 500);
  EXPECT_EQ(ReadPositionDeletesOf(store_, file, "s3://b/m", pool_)->cardinality(), 0);
  EXPECT_EQ(ReadPositionDeletes(store_, file, pool_, 100), std::nullopt) << "larger than it may be";
  const auto all = ReadPositionDeletes(store_, file, pool_, 1 << 20).value().value();
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.at("s3://b/z").cardinality(), 500);
}

TEST_F(LiveRowReaderTest, ReadsASharedDeleteFileOnceWhileItIsKept) {
  Delete(WritePositionDeletes(store_, kFolder, "x", {{"s3://b/a", 1}, {data_.data_file.file_path, 2}}));
  Delete(WritePositionDeletes(store_, kFolder, "y", {{"s3://b/a", 1}, {data_.data_file.file_path, 3}}));
  int opened = 0;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    opened += call.phase == io::StoreCall::Phase::kBefore;
    return {};
  });
  for (const auto& [cache_bytes, wanted] : {std::pair{int64_t{1} << 20, 2}, {int64_t{700}, 4}}) {
    loading_.cache_bytes = cache_bytes;
    DeleteLoader loader(store_, table_, pool_, loading_);
    opened = 0;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(loader.Load(data_.data_file, Applying()).value()->positions.cardinality(), 2);
    }
    EXPECT_EQ(opened, wanted) << cache_bytes;
  }
}

TEST_F(LiveRowReaderTest, ThreadsShareWhatOneHasLoaded) {
  Delete(WritePositionDeletes(store_, kFolder, "x", {{"s3://b/a", 1}, {data_.data_file.file_path, 2}}));
  DeleteEqual({"id"}, "[[1], [2]]");
  std::atomic<int> opened = 0;
  store_.set_fault_hook([&](const io::StoreCall& call) -> Status {
    opened += call.phase == io::StoreCall::Phase::kBefore;
    return {};
  });
  DeleteLoader loader(store_, table_, pool_);
  const auto deletes = Applying();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto loaded = loader.Load(data_.data_file, deletes);
      ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
      EXPECT_EQ((*loaded)->positions.cardinality(), 1);
      EXPECT_EQ((*loaded)->equalities.size(), 1u);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened, 2);
}

TEST_F(LiveRowReaderTest, AppliesEqualityDeletesByColumnsThatAreNotWanted) {
  DeleteEqual({"name"}, R"([["n4"], [null]])");
  DeleteEqual({"name", "id"}, R"([["n5", 15], ["n5", 16], ["n6", 26]])");
  EXPECT_EQ(Ids(), Without([](int64_t id) { return id % 10 == 4 || id % 10 == 3 || id == 15 || id == 26; }));
  const auto read = Read(Columns({"score", "id"}), {.row_groups = std::vector<int>{0}}).value();
  EXPECT_EQ(read->schema()->field_names(), (std::vector<std::string>{"score", "id"}));
  EXPECT_EQ(read->num_rows(), 78);
}

TEST_F(LiveRowReaderTest, EqualityDeletesSpareRowsThatAreNotOlder) {
  DeleteEqual({"id"}, "[[1], [2]]", 5);
  DeleteEqual({"id"}, "[[2], [3]]", 7);
  DeleteEqual({"id"}, "[[4], [3]]", 4);
  EXPECT_EQ(Ids(), Without([](int64_t id) { return id == 2 || id == 3; }));
}

TEST_F(LiveRowReaderTest, NaNsAreEqualAndNullIsNull) {
  DeleteEqual({"score"}, "[[NaN], [8.5], [0.0]]");
  EXPECT_EQ(Ids(), Without([](int64_t id) { return id % 7 == 0 || id == 8; }));
}

TEST_F(LiveRowReaderTest, ComparesByColumnsThatTheTableHasDroppedOrAdded) {
  DeleteEqual({"name"}, R"([["n4"]])");
  Schema newer{.schema_id = 1,
               .type = Type::Struct({schema_.fields()[0], {9, "added", Type::Primitive(TypeId::kInt)}})};
  table_.schemas.push_back(newer);
  table_.current_schema_id = 1;
  const Schema added{.type = Type::Struct({newer.fields()[1], newer.fields()[0]})};
  Delete(WriteEqualityDeletes(store_, kFolder, "e", added, Rows(added, "[[null, 10], [1, 11]]")));
  EXPECT_EQ(Ids(), Without([](int64_t id) { return id % 10 == 4 || id == 10; }));
}

TEST_F(LiveRowReaderTest, CountsRowsWithoutColumns) {
  DeletePositions({1, 2, 3, 998});
  DeleteEqual({"name"}, R"([["n4"]])");
  ASSERT_TRUE(Read({.type = Type::Struct({})}, {.batch_rows = 64}).has_value());
  EXPECT_EQ(rows_, 1000 - 100 - 4);
  deletes_.pop_back();
  ASSERT_TRUE(Read({.type = Type::Struct({})}, {.batch_rows = 64}).has_value());
  EXPECT_EQ(rows_, 1000 - 4);
}

TEST_F(LiveRowReaderTest, GivesNoEmptyBatches) {
  std::vector<int64_t> gone(900);
  std::iota(gone.begin(), gone.end(), 50);
  DeletePositions(gone);
  EXPECT_EQ(Ids({.batch_rows = 10}), Without([](int64_t id) { return id >= 50 && id < 950; }));
  EXPECT_EQ(Read(schema_).value()->num_rows(), 100);
}

TEST_F(LiveRowReaderTest, RefusesPositionsThatTheFileDoesNotHave) {
  DeletePositions({1000});
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption);
  EXPECT_THAT(Load().error().message, HasSubstr("row 1000 of " + data_.data_file.file_path));
  deletes_.clear();
  Delete(WriteDeletionVector(store_, kFolder, "v", data_.data_file.file_path, {3, 5000}));
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption);
}

TEST_F(LiveRowReaderTest, RefusesDeleteFilesThatAreBroken) {
  DeletePositions({1});
  const std::string path = deletes_[0].data_file.file_path;
  store_.Overwrite(path, store_.Read(path).value().substr(0, 100));
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption);
  EXPECT_THAT(Load().error().message, HasSubstr(path));
  ASSERT_TRUE(store_.Delete(path).has_value());
  EXPECT_EQ(Load().error().code, ErrorCode::kNotFound);
  deletes_[0].data_file.file_format = "AVRO";
  EXPECT_EQ(Load().error().code, ErrorCode::kNotSupported);
  deletes_.clear();
  DeletePositions({-1});
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption);
}

TEST_F(LiveRowReaderTest, RefusesEqualityDeletesItCannotApply) {
  DeleteEqual({"id"}, "[[1]]");
  deletes_[0].data_file.equality_ids = {2};
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption) << "the delete file lacks the column";
  deletes_[0].data_file.equality_ids = {5};
  EXPECT_EQ(Load().error().code, ErrorCode::kNotSupported) << "a nested column";
  deletes_[0].data_file.equality_ids = {77};
  EXPECT_EQ(Load().error().code, ErrorCode::kCorruption);
  deletes_[0].data_file.equality_ids = {1};
  loading_.equality_bytes = 50;
  EXPECT_EQ(Load().error().code, ErrorCode::kResourceExhausted);
}

TEST_F(LiveRowReaderTest, RandomDeletesLeaveWhatTheyShould) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    deletes_.clear();
    std::set<int64_t> gone;
    for (int file = 0; file < 3; ++file) {
      std::set<int64_t> positions;
      for (uint64_t i = random() % 300; i > 0; --i) positions.insert(static_cast<int64_t>(random() % 1000));
      gone.insert(positions.begin(), positions.end());
      const std::vector<int64_t> list(positions.begin(), positions.end());
      const std::string name = "r" + std::to_string(round) + "-" + std::to_string(file);
      if (list.empty()) continue;
      std::vector<std::pair<std::string, int64_t>> rows;
      for (const int64_t position : list) rows.emplace_back(data_.data_file.file_path, position);
      if (random() % 2 == 0) rows.insert(rows.begin(), {"s3://b/a", 4});
      Delete(WritePositionDeletes(store_, kFolder, name, rows));
    }
    const std::vector<int> groups = {static_cast<int>(random() % 5), static_cast<int>(5 + random() % 5)};
    const ReaderOptions options{.batch_rows = 1 + static_cast<int64_t>(random() % 250), .row_groups = groups};
    const auto is_gone = [&](int64_t id) { return gone.contains(id); };
    auto wanted = Without(is_gone, groups[0] * 100, groups[0] * 100 + 100);
    const auto more = Without(is_gone, groups[1] * 100, groups[1] * 100 + 100);
    wanted.insert(wanted.end(), more.begin(), more.end());
    EXPECT_EQ(Ids(options), wanted);
  }
}

}  // namespace
}  // namespace k2i::datafile
