// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock_testing.h"
#include "io/memory_object_store_testing.h"
#include "net/scripted_transport_testing.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const TableIdentifier kTable{{"db"}, "t"};

std::string Exception(const std::string& type) { return json{{"__type", type}, {"Message", "m"}}.dump(); }

class GlueCatalogTest : public testing::Test {
 protected:
  /// Creates kTable and lets Glue say that it is there at version 1.
  LoadedTable Create() {
    http_.Answer(200, R"({"Database": {"Name": "db"}})");
    http_.Answer(200, "{}");
    auto created = catalog_.CreateTable(kTable, Request());
    EXPECT_TRUE(created.has_value()) << created.error().ToString();
    return *created;
  }
  static CreateTableRequest Request() {
    CreateTableRequest request;
    request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
    return request;
  }
  void AnswerTable(const std::string& location, const std::string& version) {
    const json parameters = {{"table_type", "ICEBERG"}, {"metadata_location", location}};
    const json table = {{"Name", "t"}, {"VersionId", version}, {"Parameters", parameters}};
    http_.Answer(200, json{{"Table", table}}.dump());
  }
  Result<LoadedTable> Commit(const LoadedTable& base) {
    return catalog_.CommitTable(base, {requirement::AssertTableUuid{base.metadata->table_uuid}},
                                {update::SetProperties{{{"k", "v"}}}}, "");
  }
  json LastBody() { return json::parse(http_.last_request().body); }

  ManualClock clock_;
  Random random_{1};
  io::MemoryObjectStore store_;
  net::ScriptedTransport http_;
  GlueCatalog catalog_{{.client = {.endpoint = "https://glue", .catalog_id = "123"}, .warehouse = "s3://b/wh/"},
                       http_,
                       store_,
                       clock_,
                       random_};
};

TEST_F(GlueCatalogTest, AsksAsGlueWantsIt) {
  http_.Answer(200, R"({"DatabaseList": []})");
  ASSERT_TRUE(catalog_.Ping().has_value());
  const net::HttpRequest request = http_.last_request();
  EXPECT_EQ(request.url, "https://glue/");
  EXPECT_EQ(net::HeaderOf(request, "X-Amz-Target"), "AWSGlue.GetDatabases");
  EXPECT_EQ(net::HeaderOf(request, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(LastBody(), json::parse(R"({"MaxResults": 1, "CatalogId": "123"})"));
}

TEST_F(GlueCatalogTest, MakesADatabaseOnce) {
  http_.Answer(200, R"({"Database": {"Name": "db"}})");
  EXPECT_TRUE(catalog_.EnsureNamespace({"db"}).has_value());
  http_.Answer(400, Exception("EntityNotFoundException"));
  http_.Answer(400, Exception("AlreadyExistsException"));
  EXPECT_TRUE(catalog_.EnsureNamespace({"db"}).has_value());
  EXPECT_EQ(LastBody()["DatabaseInput"], json::parse(R"({"Name": "db"})"));
  http_.Answer(400, Exception("EntityNotFoundException"));
  http_.Answer(500, Exception("InternalServiceException"));
  EXPECT_EQ(catalog_.EnsureNamespace({"db"}).error().code, ErrorCode::kUnavailable);
}

TEST_F(GlueCatalogTest, PutsATableWhereItsDatabaseLies) {
  EXPECT_EQ(Create().metadata->location, "s3://b/wh/db.db/t");
  EXPECT_EQ(LastBody()["DatabaseName"], "db");
  EXPECT_EQ(LastBody()["TableInput"]["Name"], "t");
  http_.Answer(200, R"({"Database": {"Name": "db", "LocationUri": "s3://own/place/"}})");
  http_.Answer(200, "{}");
  EXPECT_EQ(catalog_.CreateTable(kTable, Request())->metadata->location, "s3://own/place/t");
}

TEST_F(GlueCatalogTest, KeepsNoFileOfATableThatWasNotMade) {
  http_.Answer(200, R"({"Database": {}})");
  http_.Answer(400, Exception("AlreadyExistsException"));
  EXPECT_EQ(catalog_.CreateTable(kTable, Request()).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(store_.live_files(), 0u);
  http_.Answer(200, R"({"Database": {}})");
  http_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ(catalog_.CreateTable(kTable, Request()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store_.live_files(), 1u);
}

TEST_F(GlueCatalogTest, CommitsAtTheVersionItHasRead) {
  const LoadedTable base = Create();
  AnswerTable(base.metadata_location, "41");
  http_.Answer(200, "");
  const auto committed = Commit(base);
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  const json body = LastBody();
  EXPECT_EQ(net::HeaderOf(http_.last_request(), "X-Amz-Target"), "AWSGlue.UpdateTable");
  EXPECT_EQ(body["VersionId"], "41");
  EXPECT_EQ(body["SkipArchive"], true);
  EXPECT_EQ(body["CatalogId"], "123");
  EXPECT_EQ(body["TableInput"]["Parameters"]["metadata_location"], committed->metadata_location);
  EXPECT_EQ(body["TableInput"]["Parameters"]["previous_metadata_location"], base.metadata_location);
  AnswerTable(committed->metadata_location, "42");
  EXPECT_EQ(catalog_.LoadTable(kTable)->metadata->PropertyOr("k", ""), "v");
}

TEST_F(GlueCatalogTest, CommitsOnWhatOthersHaveCommitted) {
  const LoadedTable base = Create();
  AnswerTable(base.metadata_location, "1");
  http_.Answer(200, "{}");
  const LoadedTable first = *catalog_.CommitTable(base, {}, {update::SetProperties{{{"other", "1"}}}}, "");
  AnswerTable(first.metadata_location, "2");
  http_.Answer(200, "{}");
  const LoadedTable second = *Commit(base);
  EXPECT_EQ(second.metadata->PropertyOr("other", ""), "1");
  EXPECT_EQ(second.metadata->PropertyOr("k", ""), "v");
}

TEST_F(GlueCatalogTest, ALostRaceLeavesNoFile) {
  const LoadedTable base = Create();
  AnswerTable(base.metadata_location, "1");
  http_.Answer(400, Exception("ConcurrentModificationException"));
  EXPECT_EQ(Commit(base).error().code, ErrorCode::kCommitConflict);
  EXPECT_EQ(store_.live_files(), 1u);
}

TEST_F(GlueCatalogTest, AnUnclearCommitKeepsItsFileAndIsNotRepeated) {
  const LoadedTable base = Create();
  for (const bool answered : {false, true}) {
    AnswerTable(base.metadata_location, "1");
    if (answered) http_.Answer(500, Exception("InternalServiceException"));
    if (!answered) http_.FailNext(ErrorCode::kTimeout);
    EXPECT_EQ(Commit(base).error().code, ErrorCode::kCommitStateUnknown);
    EXPECT_EQ(http_.remaining(), 0u);
  }
  EXPECT_EQ(store_.live_files(), 3u);
}

TEST_F(GlueCatalogTest, WaitsWhileItIsThrottled) {
  const LoadedTable base = Create();
  const Duration before = clock_.monotonic();
  AnswerTable(base.metadata_location, "1");
  http_.Answer(400, Exception("ThrottlingException"));
  http_.Answer(429, "");
  http_.Answer(200, "{}");
  EXPECT_TRUE(Commit(base).has_value());
  EXPECT_GE(clock_.monotonic() - before, std::chrono::milliseconds(300));
  AnswerTable(base.metadata_location, "1");
  for (int i = 0; i < 20; ++i) http_.Answer(400, Exception("ThrottlingException"));
  EXPECT_EQ(Commit(base).error().code, ErrorCode::kUnavailable);
}

TEST_F(GlueCatalogTest, RefusesToCommitWithoutAVersion) {
  const LoadedTable base = Create();
  AnswerTable(base.metadata_location, "");
  EXPECT_EQ(Commit(base).error().code, ErrorCode::kNotSupported);
}

TEST_F(GlueCatalogTest, ListsIcebergTablesPageByPage) {
  http_.Answer(200, R"({"DatabaseList": [{"Name": "a"}], "NextToken": "2"})");
  http_.Answer(200, R"({"DatabaseList": [{"Name": "b"}]})");
  http_.Answer(200, R"({"TableList": [{"Name": "x", "Parameters": {"table_type": "ICEBERG"}}, {"Name": "hive"}],
                        "NextToken": "3"})");
  http_.Answer(200, R"({"TableList": [{"Name": "y", "Parameters": {"table_type": "iceberg"}}]})");
  http_.Answer(200, R"({"TableList": []})");
  EXPECT_THAT(catalog_.ListTables().value(), ElementsAre(TableIdentifier{{"a"}, "x"}, TableIdentifier{{"a"}, "y"}));
  EXPECT_EQ(json::parse(http_.requests()[1].body)["NextToken"], "2");
  EXPECT_EQ(json::parse(http_.requests()[3].body)["DatabaseName"], "a");
}

TEST_F(GlueCatalogTest, RefusesNamesThatGlueWouldChange) {
  for (const TableIdentifier& table : {TableIdentifier{{"db"}, "T"}, TableIdentifier{{"a", "b"}, "t"},
                                       TableIdentifier{{}, "t"}, TableIdentifier{{"db"}, "a b"}}) {
    EXPECT_EQ(catalog_.LoadTable(table).error().code, ErrorCode::kInvalidArgument) << table.ToString();
  }
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(GlueCatalogTest, TellsThatATableIsGone) {
  http_.Answer(400, Exception("EntityNotFoundException"));
  EXPECT_EQ(catalog_.DropTable(kTable).error().code, ErrorCode::kNotFound);
  http_.Answer(400, Exception("EntityNotFoundException"));
  const Error error = catalog_.LoadTable(kTable).error();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("load table db.t"));
}

}  // namespace
}  // namespace k2i::iceberg
