// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/sql/sql_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/clock_testing.h"
#include "iceberg/catalog/sql/sqlite.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const TableIdentifier kTable{{"a", "b"}, "t"};

CreateTableRequest Request(std::map<std::string, std::string> properties = {}) {
  CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
  request.properties = std::move(properties);
  return request;
}

std::vector<TableUpdate> Set(const std::string& key, const std::string& value) {
  return {update::SetProperties{{{key, value}}}};
}

ErrorCode CodeOf(const auto& result) {
  if (result.has_value()) return ErrorCode::kInternal;
  EXPECT_NE(result.error().component, Component::kNone) << result.error().ToString();
  return result.error().code;
}

class SqlCatalogTest : public testing::Test {
 protected:
  SqlCatalogTest() : path_(testing::TempDir() + "sql_catalog_" + random_.Uuid() + "/catalog.db") {}
  ~SqlCatalogTest() override { std::filesystem::remove_all(std::filesystem::path(path_).parent_path()); }

  std::unique_ptr<SqlCatalog> Open(int64_t busy_timeout_ms = 10'000) {
    auto catalog =
        SqlCatalog::Open({.warehouse = "s3://b/wh/"}, *Sqlite::Open(path_, busy_timeout_ms), store_, clock_, random_);
    EXPECT_TRUE(catalog.has_value()) << catalog.error().ToString();
    return *std::move(catalog);
  }

  std::unique_ptr<Sqlite> Raw() { return *Sqlite::Open(path_, 10'000); }

  ManualClock clock_;
  Random random_{Random::SystemSeed()};
  io::MemoryObjectStore store_;
  std::string path_;
};

TEST_F(SqlCatalogTest, CreatesAndLoads) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->Ping().has_value());
  ASSERT_TRUE(catalog->EnsureNamespace({"a", "b"}).has_value());
  ASSERT_TRUE(catalog->EnsureNamespace({"a", "b"}).has_value());
  EXPECT_EQ(CodeOf(catalog->LoadTable(kTable)), ErrorCode::kNotFound);
  const auto created = catalog->CreateTable(kTable, Request());
  ASSERT_TRUE(created.has_value()) << created.error().ToString();
  EXPECT_EQ(created->metadata->location, "s3://b/wh/a/b/t");
  EXPECT_THAT(created->metadata_location, StartsWith("s3://b/wh/a/b/t/metadata/00000-"));
  const auto loaded = Open()->LoadTable(kTable);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->metadata_location, created->metadata_location);
  EXPECT_EQ(loaded->metadata->table_uuid, created->metadata->table_uuid);
  EXPECT_EQ(CodeOf(catalog->CreateTable(kTable, Request())), ErrorCode::kAlreadyExists);
  EXPECT_EQ(store_.live_files(), 1u);
}

TEST_F(SqlCatalogTest, RegistersATableByItsMetadataFile) {
  const auto catalog = Open();
  const auto created = *catalog->CreateTable(kTable, Request());
  const TableIdentifier other{{"elsewhere"}, "again"};
  EXPECT_EQ(CodeOf(catalog->RegisterTable(kTable, created.metadata_location)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(catalog->RegisterTable(other, "s3://b/nowhere.metadata.json")), ErrorCode::kNotFound);
  ASSERT_TRUE(catalog->DropTable(kTable).has_value());
  const auto registered = catalog->RegisterTable(other, created.metadata_location);
  ASSERT_TRUE(registered.has_value()) << registered.error().ToString();
  const auto committed = catalog->CommitTable(*catalog->LoadTable(other), {}, Set("a", "b"), "");
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  EXPECT_EQ(committed->metadata->table_uuid, created.metadata->table_uuid);
  EXPECT_THAT(committed->metadata_location, HasSubstr("/metadata/00001-"));
}

TEST_F(SqlCatalogTest, ListsItsTables) {
  const auto catalog = Open();
  EXPECT_TRUE(catalog->ListTables()->empty());
  const TableIdentifier other{{"c"}, "u.v"};
  ASSERT_TRUE(catalog->CreateTable(other, Request()).has_value());
  ASSERT_TRUE(catalog->CreateTable(kTable, Request()).has_value());
  ASSERT_TRUE(Raw()->Write({"INSERT INTO iceberg_tables VALUES ('k2i', 'c', 'view', 'x', NULL, 'VIEW')"}).has_value());
  ASSERT_TRUE(Raw()->Write({"INSERT INTO iceberg_tables VALUES ('other', 'c', 't', 'x', NULL, 'TABLE')"}).has_value());
  EXPECT_THAT(*catalog->ListTables(), testing::ElementsAre(kTable, other));
}

TEST_F(SqlCatalogTest, KeepsTheLayoutOfTheJdbcCatalog) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->EnsureNamespace({"a", "b"}).has_value());
  const auto created = *catalog->CreateTable(kTable, Request());
  const auto committed = *catalog->CommitTable(created, {}, Set("k", "v"), "");
  const auto db = Raw();
  const std::vector<Sqlite::Row> tables = {
      {"k2i", "a.b", "t", committed.metadata_location, created.metadata_location, "TABLE"}};
  EXPECT_EQ(db->Query("SELECT * FROM iceberg_tables"), tables);
  const std::vector<Sqlite::Row> namespaces = {{"k2i", "a.b", "exists", "true"}};
  EXPECT_EQ(db->Query("SELECT * FROM iceberg_namespace_properties"), namespaces);
  EXPECT_EQ((*db->Query("PRAGMA journal_mode"))[0][0], "delete");
}

TEST_F(SqlCatalogTest, CommitsOnTheCurrentMetadata) {
  const auto catalog = Open();
  const auto base = *catalog->CreateTable(kTable, Request());
  const auto first =
      catalog->CommitTable(base, {requirement::AssertTableUuid{base.metadata->table_uuid}}, Set("a", "1"), "");
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  EXPECT_THAT(first->metadata_location, HasSubstr("/metadata/00001-"));
  // The base is old, but the requirements hold: both changes stay.
  const auto second = catalog->CommitTable(base, {requirement::AssertCurrentSchemaId{0}}, Set("b", "2"), "");
  ASSERT_TRUE(second.has_value());
  const auto loaded = *catalog->LoadTable(kTable);
  EXPECT_EQ(loaded.metadata_location, second->metadata_location);
  EXPECT_EQ(loaded.metadata->PropertyOr("a", ""), "1");
  EXPECT_EQ(loaded.metadata->PropertyOr("b", ""), "2");
  ASSERT_EQ(loaded.metadata->metadata_log.size(), 2u);
  EXPECT_EQ(loaded.metadata->metadata_log[1].metadata_file, first->metadata_location);
}

TEST_F(SqlCatalogTest, RefusesCommitsThatDoNotHold) {
  const auto catalog = Open();
  const auto base = *catalog->CreateTable(kTable, Request());
  const size_t files = store_.live_files();
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {requirement::AssertTableUuid{"other"}}, Set("a", "1"), "")),
            ErrorCode::kCommitConflict);
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, {update::SetCurrentSchema{77}}, "")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.live_files(), files);
  ASSERT_TRUE(catalog->DropTable(kTable).has_value());
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, Set("a", "1"), "")), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(catalog->DropTable(kTable)), ErrorCode::kNotFound);
  EXPECT_EQ(store_.live_files(), files);  // a drop keeps the table's files
}

TEST_F(SqlCatalogTest, LosesARaceCleanly) {
  const auto catalog = Open();
  const auto base = *catalog->CreateTable(kTable, Request());
  // Somebody else commits (or drops) after we have loaded and before we swap: when our metadata file is written.
  const auto during_write = [&](std::function<void()> action) {
    store_.set_fault_hook([action, done = false](const io::StoreCall& call) mutable -> Status {
      if (call.op == io::StoreOp::kCreate && call.phase == io::StoreCall::Phase::kAfter && !std::exchange(done, true))
        action();
      return {};
    });
  };
  const auto other = Open();
  during_write([&] { ASSERT_TRUE(other->CommitTable(base, {}, Set("other", "1"), "").has_value()); });
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, Set("mine", "1"), "")), ErrorCode::kCommitConflict);
  EXPECT_EQ(store_.live_files(), 2u);  // ours is deleted
  EXPECT_EQ(catalog->LoadTable(kTable)->metadata->PropertyOr("mine", "none"), "none");
  during_write([&] { ASSERT_TRUE(other->DropTable(kTable).has_value()); });
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, Set("mine", "1"), "")), ErrorCode::kNotFound);
  EXPECT_EQ(store_.live_files(), 2u);
}

TEST_F(SqlCatalogTest, ExactlyOneOfTwoWritersWinsEachRound) {
  constexpr int kRounds = 50;
  const auto first = Open(), second = Open();
  const auto base = *first->CreateTable(kTable, Request());
  std::atomic<int> wins{0}, strange{0};
  std::barrier round(2);
  const auto writer = [&](SqlCatalog& catalog) {
    for (int i = 0; i < kRounds; ++i) {
      round.arrive_and_wait();
      const auto loaded = catalog.LoadTable(kTable);
      round.arrive_and_wait();  // both have loaded the same base
      const auto field = NestedField{.name = "c" + std::to_string(i), .type = Type::Primitive(TypeId::kInt)};
      std::vector<NestedField> fields = loaded->metadata->current_schema().fields();
      fields.push_back(field);
      fields.back().field_id = loaded->metadata->last_column_id + 1;
      const std::vector<TableUpdate> updates = {update::AddSchema{{.type = Type::Struct(fields)}},
                                                update::SetCurrentSchema{-1}};
      // A late second must not slip in behind the first: its base has another last field id.
      const requirement::AssertLastAssignedFieldId same_base{loaded->metadata->last_column_id};
      const auto result = catalog.CommitTable(*loaded, {same_base}, updates, "");
      if (result.has_value()) {
        ++wins;
      } else if (result.error().code != ErrorCode::kCommitConflict) {
        ++strange;
      }
    }
  };
  std::thread other([&] { writer(*second); });
  writer(*first);
  other.join();
  EXPECT_EQ(wins, kRounds);
  EXPECT_EQ(strange, 0);
  EXPECT_EQ(first->LoadTable(kTable)->metadata->last_column_id, kRounds + 1);
  EXPECT_EQ(store_.live_files(), static_cast<size_t>(kRounds) + 1);
}

TEST_F(SqlCatalogTest, OneInstanceServesManyThreads) {
  const auto catalog = Open();
  std::vector<std::thread> threads;
  std::atomic<int> created{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n)
        created += catalog->CreateTable({{"ns"}, "t" + std::to_string(n)}, Request()).has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 10);
  EXPECT_EQ(store_.live_files(), 10u);  // the losers' files are gone
}

TEST_F(SqlCatalogTest, ALockedDatabaseIsUnavailableAndUnchanged) {
  const auto catalog = Open(/*busy_timeout_ms=*/20);
  const auto base = *catalog->CreateTable(kTable, Request());
  const auto other = Raw();
  ASSERT_TRUE(other->Query("BEGIN IMMEDIATE").has_value());
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, Set("a", "1"), "")), ErrorCode::kUnavailable);
  ASSERT_TRUE(other->Query("ROLLBACK").has_value());
  // A reader lets the transaction begin, but not commit.
  ASSERT_TRUE(other->Query("BEGIN").has_value());
  ASSERT_TRUE(other->Query("SELECT * FROM iceberg_tables").has_value());
  EXPECT_EQ(CodeOf(catalog->CommitTable(base, {}, Set("a", "1"), "")), ErrorCode::kUnavailable);
  ASSERT_TRUE(other->Query("ROLLBACK").has_value());
  EXPECT_EQ(store_.live_files(), 1u);
  EXPECT_EQ(catalog->LoadTable(kTable)->metadata_location, base.metadata_location);
  EXPECT_TRUE(catalog->CommitTable(base, {}, Set("a", "1"), "").has_value());
}

TEST_F(SqlCatalogTest, ReadsSchemaV0) {
  {
    const auto db = Raw();
    ASSERT_TRUE(
        db->Write({"CREATE TABLE iceberg_tables(catalog_name VARCHAR(255) NOT NULL,table_namespace VARCHAR(255) NOT "
                   "NULL,table_name VARCHAR(255) NOT NULL,metadata_location VARCHAR(1000),"
                   "previous_metadata_location VARCHAR(1000),PRIMARY KEY(catalog_name,table_namespace,table_name))"})
            .has_value());
  }
  const auto catalog = Open();
  const auto base = catalog->CreateTable(kTable, Request());
  ASSERT_TRUE(base.has_value()) << base.error().ToString();
  ASSERT_TRUE(catalog->CommitTable(*base, {}, Set("a", "1"), "").has_value());
  EXPECT_EQ(catalog->LoadTable(kTable)->metadata->PropertyOr("a", ""), "1");
  EXPECT_EQ(Raw()->Query("SELECT * FROM iceberg_tables")->at(0).size(), 5u);
  EXPECT_TRUE(catalog->DropTable(kTable).has_value());
}

TEST_F(SqlCatalogTest, AViewIsNoTable) {
  const auto catalog = Open();
  ASSERT_TRUE(
      Raw()->Write({"INSERT INTO iceberg_tables VALUES ('k2i', 'a.b', 't', 's3://v', NULL, 'VIEW')"}).has_value());
  EXPECT_EQ(CodeOf(catalog->LoadTable(kTable)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(catalog->CreateTable(kTable, Request())), ErrorCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(catalog->DropTable(kTable)), ErrorCode::kNotFound);
  EXPECT_EQ(store_.live_files(), 0u);
}

TEST_F(SqlCatalogTest, RefusesWhatIsNoCatalog) {
  const auto open = [&](const std::string& path, const std::string& warehouse = "s3://b") {
    auto db = Sqlite::Open(path, 10'000);
    if (!db.has_value()) return CodeOf(db);
    return CodeOf(SqlCatalog::Open({.warehouse = warehouse}, *std::move(db), store_, clock_, random_));
  };
  const std::string folder = std::filesystem::path(path_).parent_path();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/garbage") << std::string(5'000, 'x');
  EXPECT_EQ(open(folder + "/garbage"), ErrorCode::kCorruption);
  EXPECT_EQ(open(folder), ErrorCode::kInvalidConfig);
  EXPECT_EQ(open(folder + "/garbage/catalog.db"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(open(path_, ""), ErrorCode::kInvalidConfig);
  ASSERT_TRUE(Raw()->Write({"CREATE TABLE iceberg_tables (x INT)"}).has_value());
  EXPECT_EQ(open(path_), ErrorCode::kInvalidConfig);
}

TEST_F(SqlCatalogTest, RefusesNamesThatDoNotFitTheLayout) {
  const auto catalog = Open();
  for (const TableIdentifier& table :
       {TableIdentifier{{}, "t"}, TableIdentifier{{""}, "t"}, TableIdentifier{{"a.b"}, "t"},
        TableIdentifier{{".."}, "t"}, TableIdentifier{{"a"}, "x/y"}, TableIdentifier{{"a"}, ""}}) {
    EXPECT_EQ(CodeOf(catalog->CreateTable(table, Request())), ErrorCode::kInvalidArgument) << table.ToString();
  }
  const TableIdentifier quoted{{"it's"}, "t\"; DROP TABLE iceberg_tables; --"};
  EXPECT_TRUE(catalog->CreateTable(quoted, Request()).has_value());
  EXPECT_TRUE(catalog->LoadTable(quoted).has_value());
}

TEST_F(SqlCatalogTest, ALostMetadataFileIsNotALostTable) {
  const auto catalog = Open();
  const auto base = *catalog->CreateTable(kTable, Request());
  ASSERT_TRUE(store_.Delete(base.metadata_location).has_value());
  EXPECT_EQ(CodeOf(catalog->LoadTable(kTable)), ErrorCode::kCorruption);
}

TEST_F(SqlCatalogTest, DeletesOldMetadataWhenAsked) {
  const auto catalog = Open();
  auto table = *catalog->CreateTable(kTable, Request({{"write.metadata.delete-after-commit.enabled", "true"},
                                                      {"write.metadata.previous-versions-max", "2"}}));
  for (int i = 0; i < 6; ++i) table = *catalog->CommitTable(table, {}, Set("i", std::to_string(i)), "");
  EXPECT_EQ(table.metadata->metadata_log.size(), 2u);
  EXPECT_EQ(store_.live_files(), 3u);
}

TEST_F(SqlCatalogTest, WritesGzipWhenAsked) {
  const auto catalog = Open();
  const auto base = *catalog->CreateTable(kTable, Request({{"write.metadata.compression-codec", "gzip"}}));
  EXPECT_THAT(base.metadata_location, testing::EndsWith(".gz.metadata.json"));
  EXPECT_EQ(catalog->LoadTable(kTable)->metadata->table_uuid, base.metadata->table_uuid);
}

TEST_F(SqlCatalogTest, LocalWarehousesBecomeUris) {
  const auto location = [&](const std::string& warehouse) {
    std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
    const auto catalog =
        SqlCatalog::Open({.warehouse = warehouse}, *Sqlite::Open(path_, 10'000), store_, clock_, random_);
    return (*catalog)->CreateTable({{"n"}, "t" + random_.Uuid().substr(0, 4)}, Request())->metadata->location;
  };
  EXPECT_THAT(location("/data/wh/"), StartsWith("file:///data/wh/n/t"));
  EXPECT_THAT(location("file:///data/wh"), StartsWith("file:///data/wh/n/t"));
  EXPECT_THAT(location("wh"), StartsWith("file://" + std::filesystem::current_path().string() + "/wh/n/t"));
}

}  // namespace
}  // namespace k2i::iceberg
