// SPDX-License-Identifier: Apache-2.0
#include "net/token_source.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "base/clock_testing.h"
#include "net/scripted_transport_testing.h"

namespace k2i::net {
namespace {

using std::chrono::seconds;

class OAuth2Test : public ::testing::Test {
 protected:
  ManualClock clock_;
  ScriptedTransport transport_;
  OAuth2TokenSource source_{
      transport_,
      clock_,
      {.token_url = "http://idp/token", .client_id = "me", .client_secret = "s&cret", .scope = "catalog"}};
};

TEST_F(OAuth2Test, AsksWithClientCredentials) {
  transport_.Answer(200, R"({"access_token":"t1","expires_in":3600,"token_type":"bearer"})");
  EXPECT_EQ(source_.Token().value(), "t1");
  const HttpRequest request = transport_.last_request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://idp/token");
  EXPECT_EQ(request.body, "grant_type=client_credentials&client_id=me&client_secret=s%26cret&scope=catalog");
  EXPECT_EQ(HeaderOf(request, "Content-Type"), "application/x-www-form-urlencoded");
}

TEST_F(OAuth2Test, KeepsATokenUntilAMinuteBeforeItExpires) {
  transport_.Answer(200, R"({"access_token":"t1","expires_in":3600})");
  transport_.Answer(200, R"({"access_token":"t2","expires_in":3600})");
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(3539));
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(source_.Token().value(), "t2");
}

TEST_F(OAuth2Test, RefreshesShortLivedTokensAtThreeQuarters) {
  transport_.Answer(200, R"({"access_token":"t1","expires_in":"60"})");
  transport_.Answer(200, R"({"access_token":"t2","expires_in":60})");
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(44));
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(source_.Token().value(), "t2");
}

TEST_F(OAuth2Test, UsesAGoodTokenOnWhileTheServerIsDown) {
  transport_.Answer(200, R"({"access_token":"t1","expires_in":100})");
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(80));
  transport_.Answer(503);
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(seconds(20));
  transport_.FailNext(ErrorCode::kUnavailable);
  EXPECT_EQ(source_.Token().error().code, ErrorCode::kUnavailable);
}

TEST_F(OAuth2Test, ATokenWithoutLifetimeIsKeptUntilItIsRefused) {
  transport_.Answer(200, R"({"access_token":"t1"})");
  transport_.Answer(200, R"({"access_token":"t2"})");
  EXPECT_EQ(source_.Token().value(), "t1");
  clock_.Advance(std::chrono::hours(100));
  EXPECT_EQ(source_.Token().value(), "t1");
  EXPECT_TRUE(source_.Refused("t0"));  // an older one: the present one stays
  EXPECT_EQ(source_.Token().value(), "t1");
  EXPECT_TRUE(source_.Refused("t1"));
  EXPECT_EQ(source_.Token().value(), "t2");
}

TEST_F(OAuth2Test, TellsARefusalFromAnOutage) {
  transport_.Answer(401, R"({"error":"invalid_client","error_description":"no such client"})");
  const Error refused = source_.Token().error();
  EXPECT_EQ(refused.code, ErrorCode::kPermissionDenied);
  EXPECT_NE(refused.message.find("invalid_client: no such client"), std::string::npos);
  EXPECT_EQ(refused.message.find("s&cret"), std::string::npos);
  transport_.Answer(500, "<html>");
  EXPECT_EQ(source_.Token().error().code, ErrorCode::kUnavailable);
  transport_.Answer(200, "not json");
  EXPECT_EQ(source_.Token().error().code, ErrorCode::kUnavailable);
  transport_.Answer(200, R"({"access_token":7})");
  EXPECT_EQ(source_.Token().error().code, ErrorCode::kUnavailable);
}

class TokenExchangeTest : public ::testing::Test {
 protected:
  std::string LastBody() const { return transport_.last_request().body; }

  ManualClock clock_;
  ScriptedTransport transport_;
  OAuth2Options options_{.token_url = "http://idp/token",
                         .subject_token = "subject",
                         .subject_token_type = "urn:ietf:params:oauth:token-type:jwt",
                         .parameters = {{"audience", "a b"}}};
};

TEST_F(TokenExchangeTest, ExchangesTheSubjectThenEachTokenForTheNext) {
  OAuth2TokenSource source(transport_, clock_, options_);
  transport_.Answer(200, R"({"access_token":"t1","expires_in":3600})");
  EXPECT_EQ(source.Token().value(), "t1");
  EXPECT_EQ(LastBody(),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=subject&"
            "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&audience=a%20b");
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "");
  clock_.Advance(seconds(3540));
  transport_.Answer(200, R"({"access_token":"t2","expires_in":3600})");
  EXPECT_EQ(source.Token().value(), "t2");
  EXPECT_NE(LastBody().find("subject_token=t1&"), std::string::npos);
  EXPECT_NE(LastBody().find("token-type%3Aaccess_token"), std::string::npos);
  EXPECT_EQ(HeaderOf(transport_.last_request(), "Authorization"), "Bearer t1");
}

TEST_F(TokenExchangeTest, GoesBackToTheSubjectWhenTheTokenIsRefused) {
  OAuth2TokenSource source(transport_, clock_, options_);
  transport_.Answer(200, R"({"access_token":"t1","expires_in":3600})");
  EXPECT_EQ(source.Token().value(), "t1");
  clock_.Advance(seconds(3540));
  transport_.Answer(400, R"({"error":"invalid_grant"})");
  transport_.Answer(200, R"({"access_token":"t2","expires_in":3600})");
  EXPECT_EQ(source.Token().value(), "t2");
  EXPECT_NE(LastBody().find("subject_token=subject&"), std::string::npos);
  // Refused by the catalog: there is nothing to exchange any more.
  EXPECT_TRUE(source.Refused("t2"));
  transport_.Answer(200, R"({"access_token":"t3","expires_in":3600})");
  EXPECT_EQ(source.Token().value(), "t3");
  EXPECT_NE(LastBody().find("subject_token=subject&"), std::string::npos);
}

TEST_F(TokenExchangeTest, ReadsTheFileOfTheSubjectEachTime) {
  const std::string path = ::testing::TempDir() + "/subject-token";
  options_.subject_token.clear();
  options_.subject_token_file = path;
  OAuth2TokenSource source(transport_, clock_, options_);
  EXPECT_EQ(source.Token().error().code, ErrorCode::kInvalidConfig);
  std::ofstream(path) << "first\n";
  transport_.Answer(200, R"({"access_token":"t1"})");
  EXPECT_EQ(source.Token().value(), "t1");
  EXPECT_NE(LastBody().find("subject_token=first&"), std::string::npos);
  std::ofstream(path) << "second";
  EXPECT_TRUE(source.Refused("t1"));
  transport_.Answer(200, R"({"access_token":"t2"})");
  EXPECT_EQ(source.Token().value(), "t2");
  EXPECT_NE(LastBody().find("subject_token=second&"), std::string::npos);
  std::remove(path.c_str());
}

TEST(FixedToken, HasNoOther) {
  FixedToken token("t");
  EXPECT_EQ(token.Token().value(), "t");
  EXPECT_FALSE(token.Refused("t"));
}

}  // namespace
}  // namespace k2i::net
