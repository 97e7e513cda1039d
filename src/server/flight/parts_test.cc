// SPDX-License-Identifier: Apache-2.0
//
// The small parts: patterns, headers, tickets, statuses, handles, types.
#include <arrow/flight/types.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "server/flight/call_headers.h"
#include "server/flight/flight_status.h"
#include "server/flight/like_pattern.h"
#include "server/flight/pin_metadata.h"
#include "server/flight/prepared_statements.h"
#include "server/flight/sql_types.h"
#include "server/flight/tail_ticket.h"

namespace k2i::server::flight {
namespace {

using testing::HasSubstr;

TEST(LikeTest, Patterns) {
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{{"events", "events"},
                                                                                      {"events", "%"},
                                                                                      {"", ""},
                                                                                      {"", "%"},
                                                                                      {"events", "ev%s"},
                                                                                      {"events", "%v%t%"},
                                                                                      {"a_b", "a\\_b"},
                                                                                      {"a%b", "a\\%b"},
                                                                                      {"Zoë", "Zo_"},
                                                                                      {"aXbXc", "a%X_"},
                                                                                      {"a\\", "a\\"},
                                                                                      {"abab", "%ab"}}) {
    EXPECT_TRUE(MatchesLike(text, pattern)) << text << " LIKE " << pattern;
  }
  for (const auto& [text, pattern] : std::vector<std::pair<std::string, std::string>>{{"events", "event"},
                                                                                      {"events", "Events"},
                                                                                      {"events", ""},
                                                                                      {"", "_"},
                                                                                      {"axb", "a\\_b"},
                                                                                      {"abc", "%d%"},
                                                                                      {"Zoë", "Zo__"},
                                                                                      {"ab", "a%c"}}) {
    EXPECT_FALSE(MatchesLike(text, pattern)) << text << " LIKE " << pattern;
  }
}

TEST(LikeTest, ManyWildcardsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "%a";
  EXPECT_FALSE(MatchesLike(std::string(2000, 'a'), pattern + "b"));
}

TEST(CallHeadersTest, WhatIsSaidIsRead) {
  const auto settings = ReadHeaders({{"wait-for", R"({"events":{"0":5}})"}, {"timeout-ms", "1500"}, {"other", "x"}});
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->timeout_ms, 1500);
  EXPECT_EQ(ParseWaitFor(settings->wait_for)->at({"events", PartitionId{0}}).value, 5);
  EXPECT_EQ(ReadHeaders({})->timeout_ms, 0);
}

TEST(CallHeadersTest, NonsenseIsRefused) {
  using Headers = arrow::flight::CallHeaders;
  for (const Headers& headers :
       {Headers{{"timeout-ms", "soon"}}, Headers{{"timeout-ms", "0"}}, Headers{{"timeout-ms", "5s"}},
        Headers{{"wait-for", "{"}}, Headers{{"wait-for", "[1]"}}, Headers{{"wait-for", R"({"events":{"0":-1}})"}},
        Headers{{"wait-for", R"({"events":{"x":1}})"}}}) {
    EXPECT_EQ(ReadHeaders(headers).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(TailTicketTest, ThereAndBack) {
  const auto request = ParseTailTicket(R"({"table":"db.t","from":{"events":{"0":123}},"follow":true})");
  ASSERT_TRUE(request.has_value()) << request.error().ToString();
  EXPECT_EQ(request->table, "db.t");
  EXPECT_TRUE(request->follow);
  EXPECT_EQ(request->from.at({"events", PartitionId{0}}).value, 123);
  EXPECT_EQ(ParseTailTicket(ToJson(*request))->from, request->from);
  EXPECT_FALSE(ParseTailTicket(R"({"table":"db.t"})")->follow);
}

TEST(TailTicketTest, NonsenseIsRefused) {
  for (const char* text : {"{", "{}", R"({"table":1})", R"({"table":"t","follow":1})", R"({"table":"t","form":{}})",
                           R"({"table":"t","from":{"e":{"0":"1"}}})", R"({"table":"t","from":{"e":{"0":-1}}})"}) {
    EXPECT_EQ(ParseTailTicket(text).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(FlightStatusTest, EveryCode) {
  using arrow::flight::FlightStatusCode;
  const auto flight = [](ErrorCode code) {
    return arrow::flight::FlightStatusDetail::UnwrapStatus(ToFlightStatus({code, "why"}))->code();
  };
  EXPECT_TRUE(ToFlightStatus({ErrorCode::kInvalidArgument, ""}).IsInvalid());
  EXPECT_TRUE(ToFlightStatus({ErrorCode::kNotFound, ""}).IsKeyError());
  EXPECT_TRUE(ToFlightStatus({ErrorCode::kAlreadyExists, ""}).IsAlreadyExists());
  EXPECT_TRUE(ToFlightStatus({ErrorCode::kNotSupported, ""}).IsNotImplemented());
  EXPECT_EQ(flight(ErrorCode::kCancelled), FlightStatusCode::Cancelled);
  EXPECT_EQ(flight(ErrorCode::kTimeout), FlightStatusCode::TimedOut);
  EXPECT_EQ(flight(ErrorCode::kPermissionDenied), FlightStatusCode::Unauthorized);
  EXPECT_EQ(flight(ErrorCode::kUnavailable), FlightStatusCode::Unavailable);
  EXPECT_EQ(flight(ErrorCode::kResourceExhausted), FlightStatusCode::Unavailable);
  EXPECT_EQ(flight(ErrorCode::kCorruption), FlightStatusCode::Internal);
  EXPECT_EQ(ToFlightStatus({ErrorCode::kNotFound, "no table"}).message(), "NotFound: no table");
}

class PreparedStatementsTest : public testing::Test {
 protected:
  query::Description OneParameter() { return {arrow::schema({}), arrow::schema({arrow::field("1", arrow::int64())})}; }
  ManualClock clock_;
  PreparedStatements statements_{clock_, 2, std::chrono::seconds(10)};
};

TEST_F(PreparedStatementsTest, LiveUntilClosed) {
  const std::string handle = statements_.Add("SELECT ?", OneParameter()).value();
  EXPECT_EQ(statements_.Find(handle)->sql, "SELECT ?");
  EXPECT_EQ(statements_.Bind(handle, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(statements_.Bind(handle, {nullptr}).has_value());
  EXPECT_EQ(statements_.Find(handle)->parameters.size(), 1u);
  statements_.Close(handle);
  statements_.Close(handle);
  EXPECT_EQ(statements_.Find(handle).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(statements_.Bind(handle, {nullptr}).error().code, ErrorCode::kNotFound);
}

TEST_F(PreparedStatementsTest, IdleOnesMakeRoom) {
  const std::string used = statements_.Add("a", OneParameter()).value();
  const std::string idle = statements_.Add("b", OneParameter()).value();
  EXPECT_EQ(statements_.Add("c", OneParameter()).error().code, ErrorCode::kResourceExhausted);
  clock_.Advance(std::chrono::seconds(8));
  EXPECT_TRUE(statements_.Find(used).has_value());
  clock_.Advance(std::chrono::seconds(8));
  EXPECT_TRUE(statements_.Add("c", OneParameter()).has_value());
  EXPECT_TRUE(statements_.Find(used).has_value());
  EXPECT_FALSE(statements_.Find(idle).has_value());
}

TEST(PinMetadataTest, OneTableAndSeveral) {
  const query::Pinned one{"lake.a", 7, {{{"t", PartitionId{0}}, Offset{5}}}, {{"t", PartitionId{1}}}};
  const auto metadata = WithPins(arrow::schema({}), {one})->metadata();
  EXPECT_EQ(metadata->Get(kSnapshotIdKey).ValueOrDie(), "7");
  EXPECT_EQ(metadata->Get(kOffsetsKey).ValueOrDie(), R"({"t":{"0":5}})");
  EXPECT_EQ(metadata->Get(kPinnedKey).ValueOrDie(),
            R"([{"missing":{"t":[1]},"offsets":{"t":{"0":5}},"snapshot_id":7,"table":"lake.a"}])");
  query::Pinned alone{"lake.a"};
  alone.failed_peers = {{"grpc://a:1", "Timeout: late"}};
  EXPECT_THAT(WithPins(arrow::schema({}), {alone})->metadata()->Get(kPinnedKey).ValueOrDie(),
              HasSubstr(R"("failed_peers":[{"peer":"grpc://a:1","reason":"Timeout: late"}])"));
  const auto two = WithPins(arrow::schema({}), {one, query::Pinned{"lake.b"}})->metadata();
  EXPECT_FALSE(two->Contains(kSnapshotIdKey));
  EXPECT_THAT(two->Get(kPinnedKey).ValueOrDie(), HasSubstr(R"("snapshot_id":null,"table":"lake.b")"));
}

TEST(SqlTypesTest, Names) {
  const auto point = arrow::struct_({arrow::field("x", arrow::float64())});
  EXPECT_EQ(SqlTypeName(*arrow::decimal128(9, 2)), "DECIMAL(9,2)");
  EXPECT_EQ(SqlTypeName(*arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(SqlTypeName(*arrow::list(point)), "STRUCT(x DOUBLE)[]");
  EXPECT_EQ(SqlTypeName(*arrow::map(arrow::utf8(), arrow::int64())), "MAP(VARCHAR, BIGINT)");
  const auto column = AsColumn(arrow::field("amount", arrow::decimal128(9, 2)), "lake", "events");
  EXPECT_EQ(column->metadata()->Get("ARROW:FLIGHT:SQL:PRECISION").ValueOrDie(), "9");
  EXPECT_EQ(column->metadata()->Get("ARROW:FLIGHT:SQL:TABLE_NAME").ValueOrDie(), "events");
}

}  // namespace
}  // namespace k2i::server::flight
