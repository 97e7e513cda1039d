// SPDX-License-Identifier: Apache-2.0
//
// Who we are to a REST catalog, and whom it makes us to the store.
#include "iceberg/catalog/rest/rest_catalog_testing.h"

namespace k2i::iceberg {
namespace {

using net::HeaderOf;
using nlohmann::json;
using ::testing::HasSubstr;

const net::OAuth2Options kClient = {.client_id = "i", .client_secret = "s", .scope = "catalog"};

class RestAccessTest : public ScriptedRestCatalog {};

TEST_F(RestAccessTest, AsksForNothingThatAServerWithoutAListIsNotAssumedToOffer) {
  Open({.vended_credentials = true});
  const json keys = {{"s3.access-key-id", "k"}, {"s3.session-token-expires-at-ms", std::to_string(clock_.wall_ms())}};
  transport_.Answer(200, TableAnswer({{"config", keys}}));
  ASSERT_TRUE(catalog_->LoadTable(table_).has_value());
  clock_.Advance(std::chrono::seconds(2));
  transport_.Answer(200, TableAnswer({{"config", keys}}));
  ASSERT_TRUE(catalog_->access().GrantFor("s3://b/wh/db/t/x").has_value());
  EXPECT_EQ(transport_.last_request().url, "http://rest:8181/v1/namespaces/db/tables/t?snapshots=refs");
}

TEST_F(RestAccessTest, RenewsCredentialsWhereTheServerHasAnEndpointForIt) {
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

TEST_F(RestAccessTest, HasRequestsToTheStoreSignedByTheServer) {
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

TEST_F(RestAccessTest, UsesATablesOwnTokenForItsCommits) {
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

TEST_F(RestAccessTest, GivesTheStorageCredentialsThatFitBest) {
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

TEST_F(RestAccessTest, ATimeOutOfTheTokenServerIsNoUnknownCommit) {
  Open({.credential = RestCredential::kNone});
  transport_.Answer(200, R"({"access_token":"t","expires_in":10})");
  transport_.Answer(200, kPlainRestConfig);
  auto catalog = RestCatalog::Make({.uri = "http://rest", .credential = RestCredential::kOAuth2, .oauth2 = kClient},
                                   transport_, clock_);
  ASSERT_TRUE((*catalog)->Ping().has_value());
  clock_.Advance(std::chrono::seconds(60));
  transport_.FailNext(ErrorCode::kTimeout);
  EXPECT_EQ((*catalog)->CommitTable(Base(), {}, {}, "").error().code, ErrorCode::kUnavailable);
}

TEST_F(RestAccessTest, SendsABearerToken) {
  Open({.credential = RestCredential::kBearer, .token = "abc"});
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer abc");
  transport_.Answer(401, ErrorAnswer(401, "NotAuthorizedException", "expired"));
  EXPECT_EQ(catalog_->LoadTable(table_).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(transport_.remaining(), 0u);  // there is no other token to try
}

TEST_F(RestAccessTest, FetchesANewOAuth2TokenOnceWhenTheOldIsRefused) {
  transport_.Answer(200, R"({"access_token":"one","expires_in":3600})");
  transport_.Answer(200, kPlainRestConfig);
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

}  // namespace
}  // namespace k2i::iceberg
