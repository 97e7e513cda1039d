// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock_testing.h"
#include "iceberg/model/json.h"
#include "net/scripted_transport_testing.h"

namespace k2i::iceberg {
namespace {

using net::HeaderOf;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPlainConfig[] = R"({"defaults":{},"overrides":{}})";
constexpr char kUuidV7[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

CreateTableRequest EventsTable() {
  CreateTableRequest request;
  request.schema.type = Type::Struct(
      {{1, "id", Type::Primitive(TypeId::kLong), false}, {2, "ts", Type::Primitive(TypeId::kTimestampTz), true}});
  request.properties = {{"owner", "k2i"}};
  return request;
}

std::string TableAnswer(const json& extra = json::object()) {
  const TableMetadata metadata =
      NewTableMetadata(EventsTable(), "s3://b/wh/db/t", "9c12d441-03fe-4693-9a96-a0705ddf69c1", 1000).value();
  json answer = {{"metadata-location", "s3://b/wh/db/t/metadata/1.metadata.json"},
                 {"metadata", TableMetadataToJson(metadata)}};
  answer.update(extra);
  return answer.dump();
}

std::string ErrorAnswer(int code, const std::string& type, const std::string& message) {
  return json{{"error", {{"code", code}, {"type", type}, {"message", message}}}}.dump();
}

class RestCatalogTest : public ::testing::Test {
 protected:
  /// A catalog that has asked for `config` already.
  void Open(RestCatalogOptions options = {}, const std::string& config = kPlainConfig) {
    if (options.uri.empty()) options.uri = "http://rest:8181/";
    transport_.Answer(200, config);
    catalog_ = RestCatalog::Make(std::move(options), transport_, clock_).value();
    ASSERT_TRUE(catalog_->Ping().has_value());
  }

  LoadedTable Base() {
    LoadedTable base{.identifier = table_};
    base.config = {{"s3.endpoint", "http://e"}};
    return base;
  }

  Result<LoadedTable> Commit(const std::string& key = "") {
    return catalog_->CommitTable(Base(), {requirement::AssertRefSnapshotId{"main", 7}},
                                 {update::SetProperties{{{"a", "b"}}}}, key);
  }

  const TableIdentifier table_{{"db"}, "t"};
  ManualClock clock_;
  net::ScriptedTransport transport_;
  std::unique_ptr<RestCatalog> catalog_;
};

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

TEST_F(RestCatalogTest, TakesTheStorageCredentialsThatFitBest) {
  Open({.vended_credentials = true});
  transport_.Answer(
      200, TableAnswer({{"config", {{"s3.access-key-id", "general"}, {"s3.region", "eu"}}},
                        {"storage-credentials",
                         {{{"prefix", "s3://b/wh/db"}, {"config", {{"s3.access-key-id", "best"}}}},
                          {{"prefix", "s3://b"}, {"config", {{"s3.access-key-id", "wide"}}}},
                          {{"prefix", "s3://other/very/long/prefix"}, {"config", {{"s3.access-key-id", "no"}}}}}}}));
  const auto loaded = catalog_->LoadTable(table_).value();
  EXPECT_EQ(loaded.config.at("s3.access-key-id"), "best");
  EXPECT_EQ(loaded.config.at("s3.region"), "eu");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Iceberg-Access-Delegation"), "vended-credentials");
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

TEST_F(RestCatalogTest, CommitsRequirementsAndUpdates) {
  Open();
  transport_.Answer(200, TableAnswer());
  const auto committed = Commit();
  ASSERT_TRUE(committed.has_value()) << committed.error().ToString();
  EXPECT_EQ(committed->config.at("s3.endpoint"), "http://e");
  const net::HttpRequest request = transport_.last_request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://rest:8181/v1/namespaces/db/tables/t");
  EXPECT_EQ(HeaderOf(request, "Content-Type"), "application/json");
  const json body = json::parse(request.body);
  EXPECT_EQ(body.at("identifier"), json::parse(R"({"namespace":["db"],"name":"t"})"));
  EXPECT_EQ(body.at("requirements"),
            json::parse(R"([{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":7}])"));
  EXPECT_EQ(body.at("updates"), json::parse(R"([{"action":"set-properties","updates":{"a":"b"}}])"));
}

struct CommitCase {
  int status;
  ErrorCode code;
};

TEST_F(RestCatalogTest, TellsWhatBecameOfACommitByItsStatus) {
  Open();
  for (const CommitCase& c : {CommitCase{409, ErrorCode::kCommitConflict},
                              {404, ErrorCode::kNotFound},
                              {400, ErrorCode::kInvalidArgument},
                              {422, ErrorCode::kInvalidArgument},
                              {401, ErrorCode::kPermissionDenied},
                              {403, ErrorCode::kPermissionDenied},
                              {419, ErrorCode::kPermissionDenied},
                              {429, ErrorCode::kUnavailable},
                              {408, ErrorCode::kCommitStateUnknown},
                              {500, ErrorCode::kCommitStateUnknown},
                              {502, ErrorCode::kCommitStateUnknown},
                              {503, ErrorCode::kCommitStateUnknown},
                              {504, ErrorCode::kCommitStateUnknown},
                              {302, ErrorCode::kCommitStateUnknown}}) {
    transport_.Answer(c.status, "some proxy's page");
    const auto result = Commit();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, c.code) << c.status;
    EXPECT_EQ(result.error().component, Component::kCatalog);
    EXPECT_THAT(result.error().message, HasSubstr("some proxy's page"));
  }
}

TEST_F(RestCatalogTest, TellsWhatBecameOfACommitWithoutAnAnswer) {
  Open();
  transport_.FailNext(ErrorCode::kUnavailable);  // connection refused: never sent
  EXPECT_EQ(Commit().error().code, ErrorCode::kUnavailable);
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown);
  transport_.FailNext(ErrorCode::kResourceExhausted);  // the answer was too long
  EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown);
  for (const char* body : {"", "{\"metadata", "{}", "<html>"}) {
    transport_.Answer(200, body);
    EXPECT_EQ(Commit().error().code, ErrorCode::kCommitStateUnknown) << body;
  }
}

TEST_F(RestCatalogTest, ATimeOutOfTheTokenServerIsNoUnknownCommit) {
  Open({.credential = RestCredential::kNone});
  transport_.Answer(200, R"({"access_token":"t","expires_in":10})");
  transport_.Answer(200, kPlainConfig);
  auto catalog = RestCatalog::Make(
      {.uri = "http://rest", .credential = RestCredential::kOAuth2, .client_id = "i", .client_secret = "s"}, transport_,
      clock_);
  ASSERT_TRUE((*catalog)->Ping().has_value());
  clock_.Advance(std::chrono::seconds(60));
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ((*catalog)->CommitTable(Base(), {}, {}, "").error().code, ErrorCode::kUnavailable);
}

TEST_F(RestCatalogTest, SendsTheIdempotencyKeyWhereItIsHeeded) {
  Open({}, R"({"defaults":{},"overrides":{},"idempotency-key-lifetime":"PT30M"})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit(kUuidV7).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), kUuidV7);
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit("9c12d441-03fe-4693-9a96-a0705ddf69c1").has_value());  // version 4: the protocol forbids it
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), "");
}

TEST_F(RestCatalogTest, SendsNoIdempotencyKeyElsewhere) {
  Open();
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(Commit(kUuidV7).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Idempotency-Key"), "");
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

TEST_F(RestCatalogTest, SendsABearerToken) {
  Open({.credential = RestCredential::kBearer, .token = "abc"});
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer abc");
  transport_.Answer(401, ErrorAnswer(401, "NotAuthorizedException", "expired"));
  EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(transport_.remaining(), 0u);  // there is no other token to try
}

TEST_F(RestCatalogTest, FetchesANewOAuth2TokenOnceWhenTheOldIsRefused) {
  transport_.Answer(200, R"({"access_token":"one","expires_in":3600})");
  transport_.Answer(200, kPlainConfig);
  auto catalog =
      RestCatalog::Make(
          {.uri = "http://rest/", .credential = RestCredential::kOAuth2, .client_id = "i", .client_secret = "s"},
          transport_, clock_)
          .value();
  ASSERT_TRUE(catalog->Ping().has_value());
  EXPECT_EQ(transport_.requests().at(0).url, "http://rest/v1/oauth/tokens");
  EXPECT_THAT(transport_.requests().at(0).body, HasSubstr("scope=catalog"));
  transport_.Answer(419);
  transport_.Answer(200, R"({"access_token":"two","expires_in":3600})");
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog->LoadTable(table_).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer two");
  transport_.Answer(401);
  transport_.Answer(200, R"({"access_token":"three","expires_in":3600})");
  transport_.Answer(401);
  EXPECT_EQ(catalog->LoadTable(table_).error().code, ErrorCode::kPermissionDenied);
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
  transport_.Answer(200, kPlainConfig);
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
  EXPECT_EQ(code({.uri = "http://r", .credential = RestCredential::kOAuth2, .client_id = "i"}),
            ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace k2i::iceberg
