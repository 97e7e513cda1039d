// SPDX-License-Identifier: Apache-2.0
#include "server/query_request.h"

#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/answer_encoder.h"

namespace k2i::server {
namespace {

using testing::HasSubstr;

std::string SqlError(const std::string& body) {
  const auto request = ParseSqlRequest(body);
  if (request) return "";
  EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument);
  return request.error().message;
}

TEST(SqlRequestTest, TakesAllMembers) {
  const auto request = ParseSqlRequest(R"({"sql": "SELECT ?", "parameters": [null, true, 7, 1.5, "x"],
                                           "wait_for": {"events": {"0": 123}}, "timeout_ms": 1000, "max_rows": 5})");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->sql, "SELECT ?");
  ASSERT_EQ(request->parameters.size(), 5u);
  EXPECT_EQ(request->parameters[0]->type->id(), arrow::Type::NA);
  EXPECT_TRUE(request->parameters[1]->Equals(arrow::BooleanScalar(true)));
  EXPECT_TRUE(request->parameters[2]->Equals(arrow::Int64Scalar(7)));
  EXPECT_TRUE(request->parameters[3]->Equals(arrow::DoubleScalar(1.5)));
  EXPECT_TRUE(request->parameters[4]->Equals(arrow::StringScalar("x")));
  EXPECT_EQ(request->wait_for, (OffsetVector{{{"events", PartitionId{0}}, Offset{123}}}));
  EXPECT_EQ(request->timeout, std::chrono::seconds(1));
  EXPECT_EQ(request->max_rows, 5);
}

TEST(SqlRequestTest, WholeNumbersMayHaveAPoint) {
  const auto request = ParseSqlRequest(
      R"({"sql": "SELECT ?", "parameters": [7.0], "wait_for": {"events": {"0": 1e3}}, "timeout_ms": 2000.0})");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_TRUE(request->parameters[0]->Equals(arrow::DoubleScalar(7)));
  EXPECT_EQ(request->wait_for.begin()->second, Offset{1000});
  EXPECT_EQ(request->timeout, std::chrono::seconds(2));
}

TEST(SqlRequestTest, NamesWhatIsWrong) {
  EXPECT_EQ(SqlError(R"({"sqll": "SELECT 1"})"), "there is no member 'sqll'; did you mean 'sql'?");
  EXPECT_EQ(SqlError(R"({"sql": "SELECT 1", "unheard_of": 1})"), "there is no member 'unheard_of'");
  EXPECT_THAT(SqlError(""), HasSubstr("is not a JSON object"));
  EXPECT_THAT(SqlError("[1]"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(SqlError("{\"sql\": \"\xFF\"}"), HasSubstr("is not a JSON object"));
  EXPECT_EQ(SqlError("{}"), "sql is missing");
  EXPECT_EQ(SqlError(R"({"sql": 1})"), "sql is not a string");
  EXPECT_THAT(SqlError(R"({"sql": "x", "parameters": [[1]]})"), HasSubstr("a parameter is not"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "parameters": [18446744073709551615]})"), HasSubstr("a parameter is not"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "wait_for": {"e": {"a": 1}}})"), HasSubstr("wait_for"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "wait_for": {"e": {"0": -1}}})"), HasSubstr("negative"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "wait_for": {"e": {"0": 1.5}}})"), HasSubstr("wait_for"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "wait_for": {"e": {"0": 1e19}}})"), HasSubstr("wait_for"));
  EXPECT_THAT(SqlError(R"({"sql": "x", "wait_for": "e"})"), HasSubstr("wait_for"));
  for (const char* value : {"0", "-1", "1.5", "\"1\"", "99999999999", "18446744073709551615"}) {
    EXPECT_THAT(SqlError(std::string(R"({"sql": "x", "timeout_ms": )") + value + "}"), HasSubstr("timeout_ms"));
  }
  EXPECT_THAT(SqlError(R"({"sql": "x", "max_rows": 0})"), HasSubstr("max_rows"));
}

TEST(LookupRequestTest, TakesAKeyOrAPosition) {
  const auto by_key =
      ParseLookup("db.t", {{"key", "\xFF"}, {"all", "true"}, {"wait_for", "a:b:0:5,c:1:6"}, {"timeout_ms", "10"}});
  ASSERT_TRUE(by_key.has_value()) << by_key.error().message;
  EXPECT_EQ(by_key->table, "db.t");
  EXPECT_EQ(by_key->key, "\xFF");
  EXPECT_TRUE(by_key->all);
  EXPECT_FALSE(by_key->hot_only);
  EXPECT_EQ(by_key->wait_for, (OffsetVector{{{"a:b", PartitionId{0}}, Offset{5}}, {{"c", PartitionId{1}}, Offset{6}}}));
  EXPECT_EQ(by_key->timeout, std::chrono::milliseconds(10));
  const auto by_position =
      ParseLookup("t", {{"topic", "e"}, {"partition", "3"}, {"offset", "9"}, {"hot_only", "true"}});
  ASSERT_TRUE(by_position.has_value()) << by_position.error().message;
  EXPECT_EQ(by_position->position, (std::pair{TopicPartition{"e", PartitionId{3}}, Offset{9}}));
}

TEST(LookupRequestTest, NamesWhatIsWrong) {
  const auto error = [](const NamedValues& values) {
    const auto request = ParseLookup("t", values);
    return request ? "" : request.error().message;
  };
  EXPECT_THAT(error({}), HasSubstr("give either key"));
  EXPECT_THAT(error({{"key", "a"}, {"topic", "b"}}), HasSubstr("give either key"));
  EXPECT_THAT(error({{"topic", "b"}, {"offset", "1"}}), HasSubstr("give either key"));
  EXPECT_EQ(error({{"ke", "a"}}), "there is no parameter 'ke'; did you mean 'key'?");
  EXPECT_EQ(error({{"key", "a"}, {"key", "b"}}), "key is given twice");
  EXPECT_EQ(error({{"key", "a"}, {"all", "yes"}}), "all is neither true nor false");
  EXPECT_THAT(error({{"topic", "e"}, {"partition", "-1"}, {"offset", "1"}}), HasSubstr("topic:partition:offset"));
  EXPECT_EQ(error({{"topic", "\xFF"}, {"partition", "1"}, {"offset", "1"}}), "topic is not UTF-8");
  for (const char* text :
       {"", "e", "e:1", ":1:2", "e::2", "e:1:", "e:1:x", "e:1:2,", "e:1:2,e:1:3", "e:99999999999:1"}) {
    EXPECT_THAT(error({{"key", "a"}, {"wait_for", text}}), HasSubstr("wait_for: ")) << text;
  }
}

TEST(AcceptTest, ClosestRangeAndHighestQualityWin) {
  constexpr Format kAll[] = {Format::kJson, Format::kNdjson, Format::kCsv, Format::kArrow};
  EXPECT_EQ(Negotiate("", kAll), Format::kJson);
  EXPECT_EQ(Negotiate("*/*", kAll), Format::kJson);
  EXPECT_EQ(Negotiate("text/csv", kAll), Format::kCsv);
  EXPECT_EQ(Negotiate("Text/*", kAll), Format::kCsv);
  EXPECT_EQ(Negotiate("application/vnd.apache.arrow.stream, */*;q=0.1", kAll), Format::kArrow);
  EXPECT_EQ(Negotiate("application/json;q=0, */*;q=0.5", kAll), Format::kNdjson);
  EXPECT_EQ(Negotiate("application/json; q=0.1, text/csv;q=0.9", kAll), Format::kCsv);
  EXPECT_EQ(Negotiate("text/html", kAll), std::nullopt);
  EXPECT_EQ(Negotiate("*/*;q=0", kAll), std::nullopt);
}

}  // namespace
}  // namespace k2i::server
