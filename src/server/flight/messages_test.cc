// SPDX-License-Identifier: Apache-2.0
#include "server/flight/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "server/flight/messages_testing.h"
#include "server/flight/statement_handle.h"

namespace k2i::server::flight {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
T Parsed(const std::string& bytes) {
  auto command = ParseCommand(bytes);
  EXPECT_TRUE(command.has_value()) << command.error().ToString();
  return std::get<T>(*command);
}

TEST(AnyTest, BytesAreThoseOfTheSpecification) {
  // A google.protobuf.Any written by hand: type_url = 1, value = 2, each a length and its bytes.
  const std::string url = "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery";
  const std::string value = std::string("\x0a\x08") + "SELECT 1";
  const std::string bytes = std::string("\x0a") + static_cast<char>(url.size()) + url + "\x12\x0a" + value;
  EXPECT_EQ(EncodeQuery("SELECT 1"), bytes);
  EXPECT_EQ(Parsed<StatementQuery>(bytes).query, "SELECT 1");
}

TEST(AnyTest, OtherBytesAreRefused) {
  for (const std::string& bytes : {std::string(), std::string("SELECT 1"), std::string("\x0a\xff"),
                                   std::string("\0", 1), std::string("\x0a\x05hello")}) {
    const auto command = ParseCommand(bytes);
    ASSERT_FALSE(command.has_value());
    EXPECT_EQ(command.error().code, ErrorCode::kInvalidArgument) << command.error().message;
  }
}

TEST(CommandTest, EveryFieldOfGetTables) {
  const GetTables all{"", "lake%", "ev_nts", {"TABLE", "VIEW"}, true};
  const auto read = Parsed<GetTables>(Encode(all));
  EXPECT_EQ(read.catalog, "");
  EXPECT_EQ(read.schema_pattern, "lake%");
  EXPECT_EQ(read.table_pattern, "ev_nts");
  EXPECT_THAT(read.types, ElementsAre("TABLE", "VIEW"));
  EXPECT_TRUE(read.include_schema);
  const auto none = Parsed<GetTables>(Encode(GetTables{}));
  EXPECT_FALSE(none.catalog || none.schema_pattern || none.table_pattern || none.include_schema);
}

TEST(CommandTest, NumbersPackedOrOneByOne) {
  const GetSqlInfo wanted{{0, 8, 576}};
  EXPECT_THAT(Parsed<GetSqlInfo>(Encode(wanted, true)).ids, ElementsAre(0, 8, 576));
  EXPECT_THAT(Parsed<GetSqlInfo>(Encode(wanted, false)).ids, ElementsAre(0, 8, 576));
  EXPECT_EQ(Parsed<GetXdbcTypeInfo>(Encode(GetXdbcTypeInfo{-5})).data_type, -5);
}

TEST(CommandTest, TheRestIsTold) {
  EXPECT_TRUE(ParseCommand(EncodeEmpty("CommandGetCatalogs")).has_value());
  EXPECT_EQ(Parsed<GetDbSchemas>(Encode(GetDbSchemas{{}, "l%"})).schema_pattern, "l%");
  for (const char* type : {"CommandGetPrimaryKeys", "CommandGetExportedKeys", "CommandGetImportedKeys",
                           "CommandGetCrossReference", "CommandGetTableTypes"}) {
    EXPECT_TRUE(ParseCommand(EncodeEmpty(type)).has_value()) << type;
  }
  for (const char* type :
       {"CommandStatementUpdate", "CommandStatementIngest", "CommandStatementSubstraitPlan", "CommandOfTomorrow"}) {
    EXPECT_EQ(ParseCommand(EncodeEmpty(type)).error().code, ErrorCode::kNotSupported) << type;
  }
}

TEST(CommandTest, TransactionsAreRefused) {
  const auto query = ParseCommand(EncodeText("CommandStatementQuery", "SELECT 1", "t"));
  EXPECT_EQ(query.error().code, ErrorCode::kNotSupported);
  EXPECT_THAT(query.error().message, HasSubstr("transactions"));
}

TEST(CommandTest, FieldsOfAnotherTypeAreSkipped) {
  std::string value;
  protozero::pbf_writer writer(value);
  writer.add_int32(1, 7);  // the query is text
  writer.add_fixed64(9, 7);
  EXPECT_EQ(Parsed<StatementQuery>(PackAny("CommandStatementQuery", value)).query, "");
  EXPECT_EQ(ParseCommand(PackAny("CommandGetTables", "\x0a\x7f")).error().code, ErrorCode::kInvalidArgument);
}

TEST(ActionTest, PreparedStatements) {
  EXPECT_EQ(ParseCreatePreparedStatement(EncodeCreate("SELECT ?"))->query, "SELECT ?");
  EXPECT_EQ(ParseClosePreparedStatement(EncodeClose("h"))->handle, "h");
  EXPECT_EQ(ParseClosePreparedStatement(EncodeCreate("h")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(*ParseCancelQuery(EncodeText("ActionCancelQueryRequest", "info")), "info");
  const CreatedStatement created = ParseCreated(EncodePreparedStatement("h", "result", "parameters"));
  EXPECT_EQ(created.handle + created.result_schema + created.parameter_schema, "hresultparameters");
  EXPECT_EQ(ParseCreated(EncodePreparedStatement("h", "result", "")).parameter_schema, "");
  EXPECT_EQ(UnpackAny(EncodeCancelQueryResult(1))->value, "\x08\x01");
}

TEST(StatementHandleTest, AllOfItComesBack) {
  const StatementHandle handle{"id", "SELECT 'Zoë'", "", R"({"t":{"0":1}})", 1500};
  const auto read = ParseStatementHandle(Encode(handle));
  EXPECT_EQ(read->id, handle.id);
  EXPECT_EQ(read->sql, handle.sql);
  EXPECT_EQ(read->wait_for, handle.wait_for);
  EXPECT_EQ(read->timeout_ms, 1500);
  EXPECT_EQ(ParseStatementHandle(Encode(StatementHandle{"id", "", "prepared"}))->prepared, "prepared");
  for (const std::string& bytes :
       {std::string(), std::string("\x08\x01"), std::string("\x0a\x7f"), std::string("id")}) {
    EXPECT_EQ(ParseStatementHandle(bytes).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(RandomId().size(), 32u);
  EXPECT_NE(RandomId(), RandomId());
}

TEST(ParseTest, DamagedBytesAreReadOrRefused) {
  const std::vector<std::string> messages = {
      EncodeQuery("SELECT 1"),
      Encode(GetTables{"", "lake%", "ev_nts", {"TABLE", "VIEW"}, true}),
      Encode(GetSqlInfo{{0, 8, 576}}),
      Encode(GetXdbcTypeInfo{-5}),
      EncodeStatementTicket(Encode(StatementHandle{"id", "SELECT 1", "p", "{}", 1500})),
      EncodeText("ActionCancelQueryRequest", "info"),
  };
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = messages[random.Below(messages.size())];
    for (uint64_t change = random.Below(4); change > 0; --change) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    bytes.resize(bytes.size() - random.Below(std::min<size_t>(bytes.size(), 5)));
    if (const auto command = ParseCommand(bytes)) {
      if (const auto* ticket = std::get_if<StatementTicket>(&*command)) (void)ParseStatementHandle(ticket->handle);
    } else {
      const ErrorCode code = command.error().code;
      EXPECT_TRUE(code == ErrorCode::kInvalidArgument || code == ErrorCode::kNotSupported);
    }
    (void)ParseCreatePreparedStatement(bytes);
    (void)ParseCancelQuery(bytes);
    (void)ParseStatementHandle(bytes);
  }
}

}  // namespace
}  // namespace k2i::server::flight
