// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock_testing.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "iceberg/model/json.h"
#include "net/scripted_transport_testing.h"

namespace k2i::iceberg {
namespace {

using net::HeaderOf;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPlainConfig[] = R"({"defaults":{},"overrides":{}})";
const net::OAuth2Options kClient = {.client_id = "i", .client_secret = "s", .scope = "catalog"};
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
                 {"metadata", nlohmann::json::parse(TableMetadataJson(metadata))}};
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

TEST_F(RestCatalogTest, StagesATableAndCreatesItWithItsFirstCommit) {
  Open();
  transport_.Answer(200, TableAnswer({{"metadata-location", nullptr}}));
  const auto staged = catalog_->StageTable(table_, EventsTable());
  ASSERT_TRUE(staged.has_value()) << staged.error().ToString();
  EXPECT_EQ(json::parse(transport_.last_request().body).at("stage-create"), true);
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitStaged(*staged, {update::SetProperties{{{"a", "b"}}}}, "").has_value());
  const json body = json::parse(transport_.last_request().body);
  EXPECT_EQ(body.at("requirements"), json::parse(R"([{"type":"assert-create"}])"));
  std::vector<std::string> actions;
  for (const json& each : body.at("updates")) actions.push_back(each.at("action"));
  EXPECT_THAT(actions,
              ::testing::ElementsAre("assign-uuid", "upgrade-format-version", "add-schema", "set-current-schema",
                                     "add-spec", "set-default-spec", "add-sort-order", "set-default-sort-order",
                                     "set-location", "set-properties", "set-properties"));
  transport_.Answer(409, ErrorAnswer(409, "CommitFailedException", "Requirement failed: table already exists"));
  EXPECT_EQ(catalog_->CommitStaged(*staged, {}, "").error().code, ErrorCode::kAlreadyExists);
  transport_.Answer(500);
  EXPECT_EQ(catalog_->CommitStaged(*staged, {}, "").error().code, ErrorCode::kCommitStateUnknown);
}

TEST_F(RestCatalogTest, CommitsToSeveralTablesAtOnce) {
  Open();
  const std::vector<TableChange> changes = {
      {table_, {requirement::AssertRefSnapshotId{"main", 7}}, {update::SetProperties{{{"a", "b"}}}}},
      {{{"db"}, "u"}, {}, {update::RemoveProperties{{"c"}}}}};
  transport_.Answer(204);
  ASSERT_TRUE(catalog_->CommitTransaction(changes, "").has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/transactions/commit");
  const json body = json::parse(transport_.last_request().body);
  ASSERT_EQ(body.at("table-changes").size(), 2u);
  EXPECT_EQ(body.at("table-changes").at(1).at("identifier").at("name"), "u");
  transport_.Answer(409);
  EXPECT_EQ(catalog_->CommitTransaction(changes, "").error().code, ErrorCode::kCommitConflict);
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ(catalog_->CommitTransaction(changes, "").error().code, ErrorCode::kCommitStateUnknown);
}

TEST_F(RestCatalogTest, AsksForNothingThatAServerWithoutAListIsNotAssumedToOffer) {
  Open({.vended_credentials = true});
  const json keys = {{"s3.access-key-id", "k"}, {"s3.session-token-expires-at-ms", std::to_string(clock_.wall_ms())}};
  transport_.Answer(200, TableAnswer({{"config", keys}}));
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  clock_.Advance(std::chrono::seconds(2));
  transport_.Answer(200, TableAnswer({{"config", keys}}));
  ASSERT_TRUE(catalog_->access().GrantFor("s3://b/wh/db/t/x").has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t?snapshots=refs");
}

TEST_F(RestCatalogTest, RenewsCredentialsWhereTheServerHasAnEndpointForIt) {
  Open({.vended_credentials = true},
       R"({"defaults":{"s3.endpoint":"http://s3"},"overrides":{},"endpoints":[
            "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
            "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials"]})");
  const auto keys = [&](const char* id, int seconds) -> json {
    return {{{"prefix", "s3://b/wh"},
             {"config",
              {{"s3.access-key-id", id},
               {"s3.session-token-expires-at-ms", std::to_string(clock_.wall_ms() + seconds * 1000)}}}}};
  };
  transport_.Answer(200, TableAnswer({{"storage-credentials", keys("one", 100)}}), {{"etag", "e"}});
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  const std::string file = "s3a://b/wh/db/t/data/x.parquet";
  const auto first = catalog_->access().GrantFor(file).value();
  EXPECT_EQ(first->config.at("s3.access-key-id"), "one");
  EXPECT_EQ(first->config.at("s3.endpoint"), "http://s3");
  clock_.Advance(std::chrono::seconds(74));
  EXPECT_EQ(catalog_->access().GrantFor(file).value(), first);
  clock_.Advance(std::chrono::seconds(1));
  // A load would have to bring some too now, changed or not.
  transport_.Answer(503);
  EXPECT_FALSE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "If-None-Match"), "");
  transport_.Answer(503);
  EXPECT_EQ(catalog_->access().GrantFor(file).value(), first);  // good for another 25 seconds
  transport_.Answer(200, json{{"storage-credentials", keys("two", 100)}}.dump());
  EXPECT_EQ(catalog_->access().GrantFor(file).value()->config.at("s3.access-key-id"), "two");
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t/credentials");
  clock_.Advance(std::chrono::seconds(101));
  transport_.Answer(403);
  EXPECT_EQ(catalog_->access().GrantFor(file).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(transport_.remaining(), 0u);
}

TEST_F(RestCatalogTest, HasRequestsToTheStoreSignedByTheServer) {
  Open({.vended_credentials = true});
  const std::string answer = json{{"uri", "https://b.s3/k"}, {"headers", {{"Authorization", {"signed"}}}}}.dump();
  const auto sign = [&](const char* file) {
    const auto grant = catalog_->access().GrantFor(file).value();
    return grant->signer->Sign({.url = "https://b.s3/k"}, "r").value().headers;
  };
  transport_.Answer(200, TableAnswer({{"config", {{"s3.remote-signing-enabled", "true"}}}}));
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Iceberg-Access-Delegation"), "vended-credentials,remote-signing");
  transport_.Answer(200, answer);
  EXPECT_EQ(sign("s3://b/wh/db/t/x"), (net::HttpHeaders{{"Authorization", "signed"}}));
  EXPECT_EQ(transport_.last_request().method, "POST");
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/aws/s3/sign");
  transport_.Answer(
      200,
      TableAnswer({{"remote-signing-config", {{"properties", {{"p", "q"}}}, {"headers", {{"X-Signer", {"h"}}}}}}}));
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  transport_.Answer(200, answer);
  sign("s3://b/wh/db/t/x");
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t/sign");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Signer"), "h");
  EXPECT_EQ(json::parse(transport_.last_request().body)["properties"], json({{"p", "q"}}));
}

TEST_F(RestCatalogTest, UsesATablesOwnTokenForItsCommits) {
  Open({.credential = RestCredential::kBearer, .token = "session"});
  LoadedTable base = Base();
  base.config["token"] = "table";
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitTable(base, {}, {}, "").has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer table");
  transport_.Answer(419);
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitTable(base, {}, {}, "").has_value());
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer session");
}

TEST_F(RestCatalogTest, ReportsACommitOfASnapshot) {
  Open();
  transport_.Answer(200, TableAnswer());
  transport_.Answer(500);  // nobody cares
  const Snapshot snapshot{.snapshot_id = 5,
                          .sequence_number = 3,
                          .summary = {{"operation", "append"}, {"added-records", "17"}, {"total-files-size", "x"}}};
  ASSERT_TRUE(catalog_->CommitTable(Base(), {}, {update::AddSnapshot{snapshot}}, "").has_value());
  for (int i = 0; i < 1'000 && transport_.remaining() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(transport_.remaining(), 0u);
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t/metrics");
  const json body = json::parse(transport_.last_request().body);
  EXPECT_EQ(body.at("report-type"), "commit-report");
  EXPECT_EQ(body.at("table-name"), "db.t");
  EXPECT_EQ(body.at("snapshot-id"), 5);
  EXPECT_EQ(body.at("sequence-number"), 3);
  EXPECT_EQ(body.at("operation"), "append");
  EXPECT_EQ(body.at("metrics").at("added-records"), json::parse(R"({"unit":"count","value":17})"));
  EXPECT_EQ(body.at("metrics").at("total-duration").at("count"), 1);
  EXPECT_FALSE(body.at("metrics").contains("total-files-size-bytes"));
}

TEST_F(RestCatalogTest, ReportsNothingWhereNobodyWantsToKnow) {
  const std::vector<TableUpdate> updates = {update::AddSnapshot{{.snapshot_id = 5}}};
  for (const char* config :
       {R"({"defaults":{},"overrides":{"rest-metrics-reporting-enabled":"false"}})",
        R"({"defaults":{},"overrides":{},"endpoints":["POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"]})"}) {
    Open({}, config);
    transport_.Answer(200, TableAnswer());
    ASSERT_TRUE(catalog_->CommitTable(Base(), {}, updates, "").has_value());
  }
  Open({.metrics_reports = false});
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->CommitTable(Base(), {}, updates, "").has_value());
  catalog_.reset();  // ends what is under way
  EXPECT_THAT(transport_.last_request().url, Not(HasSubstr("metrics")));
}

constexpr char kNessieMain[] = R"({"hasMore":false,"reference":{"type":"BRANCH","name":"main","hash":"1122"}})";

class NessieTest : public ::testing::Test {
 protected:
  Status Ping(NessieRef ref, const std::string& uri = "http://nessie:19120") {
    catalog_ =
        RestCatalog::Make({.uri = uri, .warehouse = "sales", .nessie = std::move(ref)}, transport_, clock_).value();
    return catalog_->Ping();
  }

  ManualClock clock_;
  net::ScriptedTransport transport_;
  std::unique_ptr<RestCatalog> catalog_;
};

TEST_F(NessieTest, WritesTheBranchThatItsAddressNames) {
  for (const char* uri : {"http://nessie:19120", "http://nessie:19120/iceberg/", "http://nessie:19120/api/v2"}) {
    transport_.Answer(200, kNessieMain);
    transport_.Answer(200,
                      R"({"defaults":{"prefix":"main%7Csales"},"overrides":{"uri":"http://nessie:19120/iceberg/"}})");
    ASSERT_TRUE(Ping({.name = "main"}, uri).has_value());
    const auto requests = transport_.requests();
    EXPECT_EQ(requests.at(requests.size() - 2).url, "http://nessie:19120/api/v2/trees/main");
    EXPECT_EQ(requests.back().url, "http://nessie:19120/iceberg/main/v1/config?warehouse=sales");
  }
  transport_.Answer(200, TableAnswer());
  ASSERT_TRUE(catalog_->LoadTable({{"db"}, "t"}).has_value());
  EXPECT_EQ(transport_.last_request().url, "http://nessie:19120/iceberg/v1/main%7Csales/namespaces/db/tables/t");
}

TEST_F(NessieTest, CreatesABranchWhereItIsAskedTo) {
  transport_.Answer(404, R"({"status":404,"errorCode":"REFERENCE_NOT_FOUND"})");
  transport_.Answer(200, kNessieMain);
  transport_.Answer(200, R"({"reference":{"type":"BRANCH","name":"dev/1","hash":"1122"}})");
  transport_.Answer(200, kPlainConfig);
  ASSERT_TRUE(Ping({.name = "dev/1", .create = true, .from = "main"}).has_value());
  const net::HttpRequest created = transport_.requests().at(2);
  EXPECT_EQ(created.method, "POST");
  EXPECT_EQ(created.url, "http://nessie:19120/api/v2/trees?name=dev%2F1&type=BRANCH");
  EXPECT_EQ(json::parse(created.body), json::parse(R"({"type":"BRANCH","name":"main","hash":"1122"})"));
  EXPECT_EQ(transport_.last_request().url, "http://nessie:19120/iceberg/dev%2F1/v1/config?warehouse=sales");
}

TEST_F(NessieTest, TakesABranchThatSomebodyElseHasJustCreated) {
  transport_.Answer(404);
  transport_.Answer(200, kNessieMain);
  transport_.Answer(409);
  transport_.Answer(200, kPlainConfig);
  EXPECT_TRUE(Ping({.name = "dev", .create = true, .from = "main"}).has_value());
}

TEST_F(NessieTest, SaysWhyThereIsNoBranchToWrite) {
  transport_.Answer(404);
  const Error missing = Ping({.name = "dev"}).error();
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.message, HasSubstr("create_ref"));
  transport_.Answer(200, R"({"reference":{"type":"TAG","name":"v1","hash":"1122"}})");
  EXPECT_EQ(Ping({.name = "v1"}).error().code, ErrorCode::kInvalidConfig);
  for (const char* body : {"", "[]", "{}", R"({"reference":{"name":"x"}})"}) {
    transport_.Answer(200, body);
    EXPECT_EQ(Ping({.name = "x"}).error().code, ErrorCode::kCorruption) << body;
  }
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

TEST_F(RestCatalogTest, GivesTheStorageCredentialsThatFitBest) {
  Open({.vended_credentials = true});
  transport_.Answer(
      200, TableAnswer({{"config", {{"s3.access-key-id", "general"}, {"s3.region", "eu"}}},
                        {"storage-credentials",
                         {{{"prefix", "s3://b/wh/db"}, {"config", {{"s3.access-key-id", "best"}}}},
                          {{"prefix", "s3://b"}, {"config", {{"s3.access-key-id", "wide"}}}},
                          {{"prefix", "s3://other/very/long/prefix"}, {"config", {{"s3.access-key-id", "no"}}}}}}}));
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  const auto grant = catalog_->access().GrantFor("s3://b/wh/db/t/data/1.parquet").value();
  ASSERT_NE(grant, nullptr);
  EXPECT_EQ(grant->config.at("s3.access-key-id"), "best");
  EXPECT_EQ(grant->config.at("s3.region"), "eu");
  EXPECT_EQ(catalog_->access().GrantFor("s3://b/elsewhere").value(), nullptr);
  EXPECT_EQ(HeaderOf(transport_.last_request(), "X-Iceberg-Access-Delegation"), "vended-credentials,remote-signing");
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
  auto catalog = RestCatalog::Make({.uri = "http://rest", .credential = RestCredential::kOAuth2, .oauth2 = kClient},
                                   transport_, clock_);
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
  auto catalog = RestCatalog::Make({.uri = "http://rest/", .credential = RestCredential::kOAuth2, .oauth2 = kClient},
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
  EXPECT_EQ(code({.uri = "http://r", .credential = RestCredential::kOAuth2, .oauth2 = {.client_id = "i"}}),
            ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace k2i::iceberg
