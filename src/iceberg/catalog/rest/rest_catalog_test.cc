// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_catalog.h"

#include "iceberg/catalog/rest/rest_catalog_testing.h"

namespace k2i::iceberg {
namespace {

using net::HeaderOf;
using nlohmann::json;
using ::testing::HasSubstr;

class RestCatalogTest : public ScriptedRestCatalog {};

TEST_F(RestCatalogTest, AsksForTheConfigurationOfItsWarehouse) {
  Open({.warehouse = "s3://b/my wh"});
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/config?warehouse=s3%3A%2F%2Fb%2Fmy%20wh");
}

TEST_F(RestCatalogTest, PutsThePrefixOfTheServerBeforeItsOwn) {
  Open({.prefix = "mine"}, R"({"defaults":{"prefix":"default"},"overrides":{"prefix":"ws 1/main"}})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/ws%201/main/namespaces/db/tables/t");
}

TEST_F(RestCatalogTest, TakesAPrefixThatIsEscapedAlreadyAsItIs) {
  Open({}, R"({"defaults":{"prefix":"main%7Cwh 1"},"overrides":{}})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/main%7Cwh%201/namespaces/db/tables/t");
}

TEST_F(RestCatalogTest, SendsTheHeadersThatTheServerAsksFor) {
  Open({}, R"({"defaults":{"header.X-Tenant":"a","header.X-Both":"default"},"overrides":{"header.X-Both":"o"}})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Tenant"), "a");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Both"), "o");
}

TEST_F(RestCatalogTest, ATableThatHasNotChangedIsNotSentAgain) {
  Open();
  transport_.Answer(200, TableAnswer(), {{"etag", "\"v1\""}});
  const auto first = catalog_->LoadTable(table_).value();
  EXPECT_EQ(HeaderOf(transport_.last_request(), "If-None-Match"), "");
  transport_.Answer(304, "", {{"etag", "\"v1\""}});
  const auto second = catalog_->LoadTable(table_);
  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  EXPECT_EQ(HeaderOf(transport_.last_request(), "If-None-Match"), "\"v1\"");
  EXPECT_EQ(second->metadata, first.metadata);
  EXPECT_EQ(second->metadata_location, first.metadata_location);
  // The answer to a commit says what is there from now on.
  transport_.Answer(200, TableAnswer({{"metadata-location", "m2"}}), {{"etag", "\"v2\""}});
  ASSERT_TRUE(Commit().has_value());
  transport_.Answer(304);
  EXPECT_EQ(catalog_->LoadTable(table_)->metadata_location, "m2");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "If-None-Match"), "\"v2\"");
  // Without an ETag nothing is known of the future.
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  transport_.Answer(304);
  EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kCorruption);
}

TEST_F(RestCatalogTest, LeavesTheServerAloneForAsLongAsItAsks) {
  Open();
  transport_.Answer(429, "", {{"retry-after", "7"}});
  EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kUnavailable);
  clock_.Advance(std::chrono::milliseconds(6'900));
  const Error early = catalog_->LoadTable(table_).error();
  EXPECT_EQ(early.code, ErrorCode::kUnavailable);
  EXPECT_THAT(early.message, HasSubstr("for another 1 s (Retry-After)"));
  EXPECT_EQ(Commit().error().code, ErrorCode::kUnavailable);  // surely not sent
  clock_.Advance(std::chrono::milliseconds(100));
  transport_.Answer(200, TableAnswer());
  EXPECT_TRUE(catalog_->LoadTable(table_).has_value());
  transport_.Answer(503, "", {{"retry-after", "1"}});
  EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown);
  EXPECT_EQ(transport_.remaining(), 0u);
}

TEST_F(RestCatalogTest, RegistersAndRenames) {
  Open();
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->RegisterTable(table_, "s3://b/m.json").has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/register");
  EXPECT_EQ(json::parse(transport_.last_request().body),
            json::parse(R"({"name":"t","metadata-location":"s3://b/m.json"})"));
  transport_.Answer(409, ErrorAnswer(409, "AlreadyExistsException", "there"));
  EXPECT_EQ(catalog_->RegisterTable(table_, "s3://b/m.json").error().code, ErrorCode::kAlreadyExists);
  transport_.Answer(204);
  ASSERT_TRUE(catalog_->RenameTable(table_, {{"other"}, "u"}).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/tables/rename");
  EXPECT_EQ(
      json::parse(transport_.last_request().body),
      json::parse(R"({"source":{"namespace":["db"],"name":"t"},"destination":{"namespace":["other"],"name":"u"}})"));
  transport_.Answer(409);
  EXPECT_EQ(catalog_->RenameTable(table_, {{"other"}, "u"}).error().code, ErrorCode::kAlreadyExists);
  transport_.Answer(404);
  EXPECT_EQ(catalog_->RenameTable(table_, {{"other"}, "u"}).error().code, ErrorCode::kNotFound);
}

TEST_F(RestCatalogTest, PutsItsOwnPrefixBeforeTheDefault) {
  Open({.prefix = "mine"}, R"({"defaults":{"prefix":"default"},"overrides":{}})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/mine/namespaces/db/tables/t");
}

TEST_F(RestCatalogTest, JoinsNamespaceLevelsWithTheUnitSeparator) {
  Open();
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable({{"a", "b c", "d/e"}, "t.x"}).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/a%1Fb%20c%1Fd%2Fe/tables/t.x");
}

TEST_F(RestCatalogTest, JoinsNamespaceLevelsAsTheServerSays) {
  Open({}, R"({"defaults":{},"overrides":{"namespace-separator":"%2E"}})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable({{"a", "b"}, "t"}).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/a%2Eb/tables/t");
}

TEST_F(RestCatalogTest, LoadsATable) {
  Open({.custom_headers = {{"X-Team", "data"}}});
  transport_.Answer(200, TableAnswer({{"config", {{"s3.region", "eu"}}}}));
  const auto loaded = catalog_->LoadTable(table_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
  EXPECT_EQ(loaded->metadata_location, "s3://b/wh/db/t/metadata/1.metadata.json");
  EXPECT_EQ(loaded->metadata->table_uuid, "9c12d441-03fe-4693-9a96-a0705ddf69c1");
  EXPECT_EQ(loaded->identifier, table_);
  EXPECT_EQ(loaded->config.at("s3.region"), "eu");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Team"), "data");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Iceberg-Access-Delegation"), "");
}

TEST_F(RestCatalogTest, TellsAMissingTableInTheServersWords) {
  Open();
  transport_.Answer(404, ErrorAnswer(404, "NoSuchTableException", "Table does not exist: db.t"));
  const Error error = catalog_->LoadTable(table_).error();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.component, Component::kCatalog);
  EXPECT_EQ(error.message, "load table db.t: HTTP 404: NoSuchTableException: Table does not exist: db.t");
}

TEST_F(RestCatalogTest, AnAnswerThatIsNoTableIsCorruption) {
  Open();
  for (const char* body : {"<html>", "{}", "[]", R"({"metadata":{"format-version":2}})", ""}) {
    transport_.Answer(200, body);
    EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kCorruption) << body;
  }
}

TEST_F(RestCatalogTest, CreatesATable) {
  Open();
  transport_.Answer(200, TableAnswer());
  CreateTableRequest create = EventsTable();
  create.spec.fields = {{.source_id = 2, .field_id = 0, .name = "ts_day", .transform = {TransformKind::kDay}}};
  create.format_version = 3;
  const auto created = catalog_->CreateTable(table_, create);
  ASSERT_TRUE(created.has_value()) << created.error().ToString();
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables");
  const json body = json::parse(transport_.last_request().body);
  EXPECT_EQ(body.at("name"), "t");
  EXPECT_FALSE(body.contains("location"));
  EXPECT_EQ(body.at("stage-create"), false);
  EXPECT_EQ(body.at("properties"), json::parse(R"({"format-version":"3","owner":"k2i"})"));
  EXPECT_EQ(body.at("schema").at("fields").at(1).at("name"), "ts");
  EXPECT_EQ(body.at("partition-spec").at("fields").at(0).at("source-id"), 2);
  EXPECT_EQ(body.at("partition-spec").at("fields").at(0).at("transform"), "day");
}

TEST_F(RestCatalogTest, TellsThatATableIsThereAlready) {
  Open();
  transport_.Answer(409, ErrorAnswer(409, "AlreadyExistsException", "Table already exists: db.t"));
  EXPECT_EQ(catalog_->CreateTable(table_, EventsTable()).error().code, ErrorCode::kAlreadyExists);
  transport_.Answer(404, ErrorAnswer(404, "NoSuchNamespaceException", "no db"));
  EXPECT_EQ(catalog_->CreateTable(table_, EventsTable()).error().code, ErrorCode::kNotFound);
  transport_.Answer(500);
  EXPECT_EQ(catalog_->CreateTable(table_, EventsTable()).error().code, ErrorCode::kUnavailable);
}

TEST_F(RestCatalogTest, CreatesANamespaceAndThoseAboveIt) {
  Open();
  transport_.Answer(404);        // GET a.b
  transport_.Answer(404);        // GET a
  transport_.Answer(200, "{}");  // POST a
  transport_.Answer(409);        // POST a.b: somebody was faster
  ASSERT_TRUE(catalog_->EnsureNamespace({"a", "b"}).has_value());
  const auto requests = transport_.requests();
  EXPECT_EQ(requests.back().url, "http://rest:8181/v1/namespaces");
  EXPECT_EQ(requests.back().body, R"({"namespace":["a","b"],"properties":{}})");
  transport_.Answer(200, "{}");
  ASSERT_TRUE(catalog_->EnsureNamespace({"a", "b"}).has_value());
  EXPECT_EQ(transport_.remaining(), 0u);
}

TEST_F(RestCatalogTest, DropsWithoutPurging) {
  Open();
  transport_.Answer(204);
  ASSERT_TRUE(catalog_->DropTable(table_).has_value());
  EXPECT_EQ(transport_.last_request().method, "DELETE");
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t?purgeRequested=false");
  transport_.Answer(404);
  EXPECT_EQ(catalog_->DropTable(table_).error().code, ErrorCode::kNotFound);
}

TEST_F(RestCatalogTest, ListsTheTablesOfAllNamespaces) {
  Open();
  transport_.Answer(200, R"({"namespaces":[["db"],["é"]],"next-page-token":null})");
  transport_.Answer(200, R"({"identifiers":[{"namespace":["db"],"name":"t"}],"next-page-token":"p/2"})");
  transport_.Answer(200, R"({"identifiers":[{"namespace":["db"],"name":"u"}]})");
  transport_.Answer(200, R"({"namespaces":[["db","in"],["é"]]})");  // a server that knows no parents answers with all
  transport_.Answer(200, R"({"identifiers":[{"namespace":["db","in"],"name":"v"}]})");
  transport_.Answer(404);  // no namespaces below db.in
  transport_.Answer(200, R"({"identifiers":[]})");
  transport_.Answer(200, R"({"namespaces":[]})");
  const auto tables = catalog_->ListTables();
  ASSERT_TRUE(tables.has_value()) << tables.error().ToString();
  EXPECT_THAT(*tables, ::testing::ElementsAre(TableIdentifier{{"db"}, "t"}, TableIdentifier{{"db"}, "u"},
                                              TableIdentifier{{"db", "in"}, "v"}));
  std::vector<std::string> urls;
  for (const auto& request : transport_.requests()) urls.push_back(request.url.substr(sizeof("http://rest:8181")));
  EXPECT_THAT(urls, ::testing::ElementsAre("v1/config", "v1/namespaces", "v1/namespaces/db/tables",
                                           "v1/namespaces/db/tables?pageToken=p%2F2", "v1/namespaces?parent=db",
                                           "v1/namespaces/db%1Fin/tables", "v1/namespaces?parent=db%1Fin",
                                           "v1/namespaces/%C3%A9/tables", "v1/namespaces?parent=%C3%A9"));
}

TEST_F(RestCatalogTest, ListsNothingHalf) {
  Open();
  transport_.Answer(200, R"({"namespaces":[["db"]]})");
  transport_.Answer(403);
  EXPECT_EQ(catalog_->ListTables().error().code, ErrorCode::kPermissionDenied);
  for (const char* body : {"", "{}", R"({"namespaces":[1]})", R"({"namespaces":[],"next-page-token":7})"}) {
    transport_.Answer(200, body);
    EXPECT_EQ(catalog_->ListTables().error().code, ErrorCode::kCorruption) << body;
  }
  transport_.Answer(200, R"({"namespaces":[],"next-page-token":"a"})");
  transport_.Answer(200, R"({"namespaces":[],"next-page-token":"a"})");
  EXPECT_EQ(catalog_->ListTables().error().code, ErrorCode::kCorruption);
  Open({}, R"({"defaults":{},"overrides":{},"endpoints":["GET /v1/{prefix}/namespaces"]})");
  EXPECT_EQ(catalog_->ListTables().error().code, ErrorCode::kNotSupported);
}

TEST_F(RestCatalogTest, SaysWhatTheServerDoesNotOffer) {
  Open({}, R"({"defaults":{},"overrides":{},"endpoints":["GET /v1/{prefix}/namespaces/{namespace}/tables/{table}"]})");
  EXPECT_EQ(Commit().error().code, ErrorCode::kNotSupported);
  EXPECT_EQ(catalog_->CreateTable(table_, EventsTable()).error().code, ErrorCode::kNotSupported);
  transport_.Answer(200, TableAnswer());
  EXPECT_TRUE(catalog_->LoadTable(table_).has_value());
}

TEST_F(RestCatalogTest, PingSaysWhyTheCatalogIsOutOfReach) {
  catalog_ = RestCatalog::Make({.uri = "http://rest"}, transport_, clock_).value();
  transport_.FailNext(ErrorCode::kUnavailable, "connection refused");
  EXPECT_EQ(catalog_->Ping().error().code, ErrorCode::kUnavailable);
  transport_.Answer(403);
  EXPECT_EQ(catalog_->Ping().error().code, ErrorCode::kPermissionDenied);
  transport_.Answer(200, "<html>hello</html>");
  EXPECT_EQ(catalog_->Ping().error().code, ErrorCode::kCorruption);
  transport_.Answer(404, ErrorAnswer(404, "NoSuchWarehouseException", "no such warehouse"));
  EXPECT_THAT(catalog_->Ping().error().message, HasSubstr("no such warehouse"));
  transport_.Answer(200, kPlainRestConfig);
  EXPECT_TRUE(catalog_->Ping().has_value());
}

TEST(RestCatalogOptions, AreCheckedBeforeUse) {
  net::ScriptedTransport transport;
  ManualClock clock;
  const auto code = [&](RestCatalogOptions options) {
    return RestCatalog::Make(std::move(options), transport, clock).error().code;
  };
  EXPECT_EQ(code({.uri = "rest:8181"}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({.uri = "http://r", .credential = RestCredential::kBearer}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(code({.uri = "http://r", .credential = RestCredential::kOAuth2, .oauth2 = {.client_id = "i"}}),
            ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace k2i::iceberg
