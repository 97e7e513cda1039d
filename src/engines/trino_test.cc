// SPDX-License-Identifier: Apache-2.0
#include "engines/trino.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "net/scripted_transport_testing.h"

namespace k2i::engines {
namespace {

using net::HeaderOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A page as Trino 476 sends it, without what nobody reads.
std::string Page(const std::string& state, const std::string& next, const std::string& more = "") {
  return R"({"id":"q1","infoUri":"http://t:8080/ui/q1",)" + (next.empty() ? "" : R"("nextUri":")" + next + R"(",)") +
         R"("columns":[{"name":"rows","type":"bigint"}],"stats":{"state":")" + state +
         R"(","progressPercentage":50.0,"nodes":1},"warnings":[])" + more + "}";
}
std::string Failed(const std::string& name, const std::string& type) {
  return Page("FAILED", "",
              R"(,"error":{"message":"no","errorCode":1,"errorName":")" + name + R"(","errorType":")" + type + R"("})");
}

class TrinoTest : public ::testing::Test {
 protected:
  Result<std::string> Run(TrinoOptions options = {.uri = "http://t:8080", .user = "me"}, std::stop_token stop = {}) {
    Trino trino({http_, clock_, random_}, std::move(options));
    const auto tell = [this](const EngineProgress& progress) { states_.push_back(progress.state); };
    return trino.Run("ALTER TABLE x", {{"c.size", "1 B"}}, tell, std::move(stop));
  }
  ErrorCode CodeOf(const std::string& name, const std::string& type) {
    http_.Answer(200, Failed(name, type));
    return Run().error().code;
  }

  net::ScriptedTransport http_;
  ManualClock clock_;
  Random random_{1};
  std::vector<std::string> states_;
};

TEST_F(TrinoTest, FollowsThePagesToTheLast) {
  http_.Answer(200, Page("QUEUED", "http://t:8080/v1/statement/queued/q1/a/1"));
  http_.Answer(200, Page("RUNNING", "http://t:8080/v1/statement/executing/q1/b/0"));
  http_.Answer(200, Page("FINISHED", ""));
  EXPECT_EQ(*Run(), "q1");
  EXPECT_THAT(states_, ElementsAre("QUEUED", "RUNNING", "FINISHED"));
  const auto sent = http_.requests();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].method + " " + sent[0].url, "POST http://t:8080/v1/statement");
  EXPECT_EQ(sent[0].body, "ALTER TABLE x");
  EXPECT_EQ(HeaderOf(sent[0], "X-Trino-User"), "me");
  EXPECT_EQ(HeaderOf(sent[0], "X-Trino-Session"), "c.size=1%20B");
  EXPECT_EQ(HeaderOf(sent[0], "Authorization"), "");
  EXPECT_EQ(sent[2].method + " " + sent[2].url, "GET http://t:8080/v1/statement/executing/q1/b/0");
  EXPECT_EQ(HeaderOf(sent[2], "X-Trino-User"), "me");
}

TEST_F(TrinoTest, ABusyServerIsAskedAgain) {
  http_.Answer(200, Page("QUEUED", "http://t:8080/v1/1"));
  http_.Answer(503);
  http_.FailNext(ErrorCode::kTimeout);
  http_.Answer(429);
  http_.Answer(200, Page("FINISHED", ""));
  EXPECT_TRUE(Run().has_value());
  EXPECT_EQ(http_.last_request().url, "http://t:8080/v1/1");
}

TEST_F(TrinoTest, OneThatStaysAwayIsGivenUp) {
  http_.Answer(200, Page("QUEUED", "http://t:8080/v1/1"));
  for (int i = 0; i < 100; ++i) http_.Answer(503);
  const auto ran = Run();
  EXPECT_EQ(ran.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(ran.error().message, HasSubstr("q1"));
  EXPECT_GT(http_.remaining(), 0u);
}

TEST_F(TrinoTest, CredentialsGoToTheOneServerAndOverTlsOnly) {
  EXPECT_EQ(Run({.uri = "http://t:8080", .user = "me", .password = "p"}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(Run({.uri = "http://t:8080", .user = "me", .token = "p"}).error().code, ErrorCode::kInvalidConfig);
  EXPECT_TRUE(http_.requests().empty());
  http_.Answer(200, Page("QUEUED", "https://t:8443/v1/1"));
  http_.Answer(200, Page("FINISHED", ""));
  EXPECT_TRUE(Run({.uri = "https://t:8443", .user = "me", .password = "p"}).has_value());
  EXPECT_EQ(HeaderOf(http_.last_request(), "Authorization"), "Basic bWU6cA==");
  http_.Answer(200, Page("QUEUED", "https://t:84431/v1/1"));
  const auto elsewhere = Run({.uri = "https://t:8443", .user = "me", .token = "jwt"});
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(HeaderOf(http_.last_request(), "Authorization"), "Bearer jwt");
  EXPECT_EQ(http_.requests().size(), 3u);
  http_.Answer(401);
  EXPECT_EQ(Run().error().code, ErrorCode::kPermissionDenied);
  http_.Answer(404, "no such page");
  EXPECT_EQ(Run().error().code, ErrorCode::kInternal);
}

TEST_F(TrinoTest, AStopIsToldToTrino) {
  std::stop_source stop;
  stop.request_stop();
  http_.Answer(200, Page("RUNNING", "http://t:8080/v1/1"));
  http_.Answer(204);
  EXPECT_EQ(Run({.uri = "http://t:8080", .user = "me"}, stop.get_token()).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(http_.last_request().method + " " + http_.last_request().url, "DELETE http://t:8080/v1/1");
}

TEST_F(TrinoTest, ErrorsKeepTheirKind) {
  EXPECT_EQ(CodeOf("TABLE_NOT_FOUND", "USER_ERROR"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf("PROCEDURE_NOT_FOUND", "USER_ERROR"), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf("INVALID_PROCEDURE_ARGUMENT", "USER_ERROR"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(CodeOf("PERMISSION_DENIED", "USER_ERROR"), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOf("SYNTAX_ERROR", "USER_ERROR"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("ICEBERG_COMMIT_ERROR", "EXTERNAL"), ErrorCode::kCommitConflict);
  EXPECT_EQ(CodeOf("ICEBERG_CATALOG_ERROR", "EXTERNAL"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf("EXCEEDED_GLOBAL_MEMORY_LIMIT", "INSUFFICIENT_RESOURCES"), ErrorCode::kResourceExhausted);
  EXPECT_EQ(CodeOf("USER_CANCELED", "USER_ERROR"), ErrorCode::kCancelled);
  EXPECT_EQ(CodeOf("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR"), ErrorCode::kInternal);
}

TEST_F(TrinoTest, WhatIsNoAnswerOfTrinosIsSaid) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"id":7})"}) {
    http_.Answer(200, body);
    EXPECT_EQ(Run().error().code, ErrorCode::kCorruption) << body;
  }
}

}  // namespace
}  // namespace k2i::engines
