// SPDX-License-Identifier: Apache-2.0
//
// Queries over tables whose rows other engines have deleted.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "datafile/data_file_reader.h"
#include "datafile/delete_files_testing.h"
#include "query/test_table_testing.h"

namespace k2i::query {
namespace {

using iceberg::DataFile;
using iceberg::Type;
using iceberg::TypeId;
using testing::ElementsAre;
using testing::HasSubstr;

iceberg::Schema NumberSchema() {
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "part", Type::Primitive(TypeId::kInt)},
                                {3, "name", Type::Primitive(TypeId::kString)}})};
}

iceberg::PartitionSpec ByPart() { return {.spec_id = 0, .fields = {{2, 1000, "part", {}}}}; }

/// Rows [from, to): id n, part n % 3, name "n<n % 10>".
std::shared_ptr<arrow::RecordBatch> NumberRows(int64_t from, int64_t to) {
  std::string json = "[";
  for (int64_t n = from; n < to; ++n) {
    json += (n > from ? ",[" : "[") + std::to_string(n) + "," + std::to_string(n % 3) + ",\"n" +
            std::to_string(n % 10) + "\"]";
  }
  return Rows(NumberSchema(), json + "]");
}

class DeletesTest : public testing::TestWithParam<bool> {
 protected:
  DeletesTest() : table_(NumberSchema(), GetParam() ? ByPart() : iceberg::PartitionSpec{}) {
    table_.row_group_rows = 20;
    Append(100);
    Append(100);
    engine_ = Engine::Make({.on_end = [this](const ScanCounts& counts, double) { last_ = counts; }}, {table_.served()})
                  .value();
  }

  void Append(int64_t rows) {
    table_.Ingest(NumberRows(next_, next_ + rows));
    for (int64_t i = 0; i < rows; ++i) live_.insert(next_++);
    table_.Flush();
    table_.Publish();
  }
  void Commit(const std::vector<DataFile>& deletes) {
    table_.CommitDeletes(deletes);
    table_.Publish();
  }
  std::string Folder() { return table_.metadata().location + "/data"; }
  std::string NextName() { return "d" + std::to_string(++deletes_); }

  std::vector<int64_t> IdsOf(const DataFile& file) {
    std::vector<int64_t> ids;
    const iceberg::Schema columns{.type = Type::Struct({NumberSchema().fields()[0]})};
    auto reader = datafile::DataFileReader::Open(table_.store(), file, columns, arrow::default_memory_pool()).value();
    EXPECT_TRUE(reader->ForEach([&](const arrow::RecordBatch& rows) -> Status {
      const auto& values = static_cast<const arrow::Int64Array&>(*rows.column(0));
      for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
      return {};
    }));
    return ids;
  }
  /// The positions of a file that hold a multiple of `n` that is live; they are live no longer.
  std::vector<int64_t> Take(const DataFile& file, int64_t n) {
    std::vector<int64_t> positions;
    const auto ids = IdsOf(file);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] % n == 0 && live_.erase(ids[i]) > 0) positions.push_back(static_cast<int64_t>(i));
    }
    return positions;
  }
  DataFile Placed(DataFile deletes, const DataFile& data) {
    deletes.spec_id = data.spec_id;
    deletes.partition = data.partition;
    return deletes;
  }
  /// Deletes the multiples of `n` by one position delete file for each partition.
  void DeleteByPosition(int64_t n) {
    std::map<int32_t, std::vector<DataFile>> partitions;
    for (DataFile& file : table_.DataFiles()) {
      partitions[GetParam() ? std::get<int32_t>(file.partition[0]) : 0].push_back(file);
    }
    std::vector<DataFile> deletes;
    for (auto& [part, files] : partitions) {
      std::ranges::sort(files, {}, &DataFile::file_path);
      std::vector<std::pair<std::string, int64_t>> rows;
      for (const DataFile& file : files) {
        for (const int64_t position : Take(file, n)) rows.emplace_back(file.file_path, position);
      }
      if (rows.empty()) continue;
      deletes.push_back(
          Placed(datafile::WritePositionDeletes(table_.store(), Folder(), NextName(), rows), files.front()));
    }
    Commit(deletes);
  }
  void DeleteByVector(int64_t n) {
    std::vector<DataFile> deletes;
    for (const DataFile& file : table_.DataFiles()) {
      const auto positions = Take(file, n);
      if (positions.empty()) continue;
      deletes.push_back(
          Placed(datafile::WriteDeletionVector(table_.store(), Folder(), NextName(), file.file_path, positions), file));
    }
    Commit(deletes);
  }
  /// The rows of that name, whichever partition they are in.
  void DeleteByName(const std::string& name) {
    const iceberg::Schema columns{.type = Type::Struct({NumberSchema().fields()[2]})};
    const auto rows = Rows(columns, "[[\"" + name + "\"]]");
    std::map<iceberg::PartitionTuple, DataFile> partitions;
    for (const DataFile& file : table_.DataFiles()) partitions[file.partition] = file;
    std::vector<DataFile> deletes;
    for (const auto& [partition, file] : partitions) {
      deletes.push_back(
          Placed(datafile::WriteEqualityDeletes(table_.store(), Folder(), NextName(), columns, rows), file));
    }
    std::erase_if(live_, [&](int64_t id) { return "n" + std::to_string(id % 10) == name; });
    Commit(deletes);
  }

  std::vector<std::string> Ask(const std::string& sql) {
    const auto answer = ReadAll(engine_->Query({.sql = sql}));
    if (!answer) return {answer.error().ToString()};
    return Lines(**answer);
  }
  template <typename Holds>
  std::vector<std::string> LiveIds(Holds holds) const {
    std::vector<std::string> ids;
    for (const int64_t id : live_) {
      if (holds(id)) ids.push_back(std::to_string(id));
    }
    return ids;
  }
  void ExpectOnlyLiveRows() {
    EXPECT_EQ(Ask("SELECT id FROM events ORDER BY id"), LiveIds([](int64_t) { return true; }));
    EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre(std::to_string(live_.size())));
    EXPECT_EQ(Ask("SELECT id FROM events WHERE id BETWEEN 50 AND 130 ORDER BY id"),
              LiveIds([](int64_t id) { return id >= 50 && id <= 130; }));
    EXPECT_EQ(Ask("SELECT id FROM events WHERE part = 1 AND name = 'n4' ORDER BY id"),
              LiveIds([](int64_t id) { return id % 3 == 1 && id % 10 == 4; }));
    EXPECT_EQ(Ask("SELECT count(DISTINCT name) FROM events"),
              Ask("SELECT count(*) FROM (SELECT DISTINCT name FROM events)"));
    EXPECT_THAT(Ask("SELECT count(*) FROM events WHERE part = 2"),
                ElementsAre(std::to_string(LiveIds([](int64_t id) { return id % 3 == 2; }).size())));
  }

  TestTable table_;
  std::set<int64_t> live_;
  int64_t next_ = 0;
  int deletes_ = 0;
  ScanCounts last_;
  std::unique_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Partitioned, DeletesTest, testing::Bool());

TEST_P(DeletesTest, PositionDeletes) {
  DeleteByPosition(7);
  ExpectOnlyLiveRows();
  Append(50);
  ExpectOnlyLiveRows();
  DeleteByPosition(5);
  ExpectOnlyLiveRows();
}

TEST_P(DeletesTest, DeletionVectors) {
  DeleteByVector(4);
  Append(50);
  ExpectOnlyLiveRows();
  EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre(std::to_string(live_.size())));
  EXPECT_EQ(last_.row_groups_scanned, 0) << "counting opens no file";
}

TEST_P(DeletesTest, EqualityDeletes) {
  DeleteByName("n4");
  ExpectOnlyLiveRows();
  Append(50);
  ExpectOnlyLiveRows();
  EXPECT_THAT(Ask("SELECT count(*) FROM events WHERE name = 'n4'"), ElementsAre("5")) << "those of the newer file";
}

TEST_P(DeletesTest, AllKindsTogether) {
  DeleteByPosition(7);
  DeleteByName("n1");
  Append(60);
  DeleteByName("n2");
  ExpectOnlyLiveRows();
  table_.Ingest(NumberRows(next_, next_ + 40));
  for (int64_t i = 0; i < 40; ++i) live_.insert(next_++);
  table_.Publish();
  ExpectOnlyLiveRows();
}

TEST_P(DeletesTest, RowGroupsAreStillLeftOut) {
  DeleteByVector(2);
  EXPECT_THAT(Ask("SELECT id FROM events WHERE id = 121 AND part = 1"), ElementsAre("121"));
  EXPECT_GT(last_.files_skipped, 0);
  EXPECT_GT(last_.row_groups_skipped, 0);
  EXPECT_EQ(last_.row_groups_scanned, 1);
  EXPECT_THAT(Ask("SELECT id FROM events WHERE id = 122"), testing::IsEmpty());
}

TEST_P(DeletesTest, SaysWhichDeleteFileIsBroken) {
  DeleteByPosition(7);
  std::string path;
  for (const std::string& location : table_.store().locations()) {
    if (location.find("/d1") != std::string::npos) path = location;
  }
  const std::string bytes = table_.store().Read(path).value();
  table_.store().Overwrite(path, bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(Ask("SELECT id FROM events"), ElementsAre(testing::AllOf(HasSubstr("Corruption"), HasSubstr(path))));
  ASSERT_TRUE(table_.store().Delete(path).has_value());
  EXPECT_THAT(Ask("SELECT count(*) FROM events"), ElementsAre(testing::AllOf(HasSubstr("NotFound"), HasSubstr(path))));
}

}  // namespace
}  // namespace k2i::query
