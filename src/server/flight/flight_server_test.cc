// SPDX-License-Identifier: Apache-2.0
//
// The server over loopback, with Arrow's own client.
#include "server/flight/flight_server.h"

#include <arrow/array.h>
#include <arrow/flight/client.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "server/flight/fixed_tables_testing.h"
#include "server/flight/fixed_types_testing.h"
#include "server/flight/messages_testing.h"
#include "server/flight/pin_metadata.h"

namespace k2i::server::flight {
namespace {

namespace rpc = arrow::flight;
using testing::HasSubstr;

class FlightServerTest : public testing::Test {
 protected:
  void SetUp() override {
    FlightOptions options{.version = "1.2.3", .max_streams = 3, .max_prepared_statements = 2};
    options.shutdown_grace = std::chrono::seconds(1);
    server_ = FlightServer::Start("127.0.0.1", 0, tables_, options).value();
    client_ = Connect();
  }
  std::unique_ptr<rpc::FlightClient> Connect() {
    return rpc::FlightClient::Connect(*rpc::Location::ForGrpcTcp("127.0.0.1", server_->port())).ValueOrDie();
  }
  static rpc::FlightCallOptions Headers(std::vector<std::pair<std::string, std::string>> headers) {
    rpc::FlightCallOptions options;
    options.headers = std::move(headers);
    options.timeout = std::chrono::seconds(20);
    return options;
  }

  arrow::Result<std::unique_ptr<rpc::FlightInfo>> Info(const std::string& command,
                                                       rpc::FlightCallOptions options = {}) {
    return client_->GetFlightInfo(options, rpc::FlightDescriptor::Command(command));
  }
  arrow::Result<std::unique_ptr<rpc::FlightStreamReader>> Open(const std::string& command,
                                                               rpc::FlightCallOptions options = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto info, Info(command, options));
    return client_->DoGet(options, info->endpoints().at(0).ticket);
  }
  arrow::Result<std::shared_ptr<arrow::Table>> Rows(const std::string& command, rpc::FlightCallOptions options = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Open(command, options));
    return reader->ToTable();
  }
  arrow::Result<std::shared_ptr<arrow::Table>> Get(const rpc::Ticket& ticket,
                                                   const rpc::FlightCallOptions& options = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, client_->DoGet(options, ticket));
    return reader->ToTable();
  }
  arrow::Result<std::string> Act(const std::string& type, const std::string& body) {
    ARROW_ASSIGN_OR_RAISE(const auto results, client_->DoAction({type, arrow::Buffer::FromString(body)}));
    ARROW_ASSIGN_OR_RAISE(const auto result, results->Next());
    return result == nullptr ? std::string() : result->body->ToString();
  }
  CreatedStatement Prepare(const std::string& sql) {
    return ParseCreated(Act("CreatePreparedStatement", EncodeCreate(sql)).ValueOrDie());
  }
  arrow::Status Bind(const std::string& handle, const std::shared_ptr<arrow::RecordBatch>& values) {
    ARROW_ASSIGN_OR_RAISE(
        auto put, client_->DoPut(rpc::FlightDescriptor::Command(EncodePreparedQuery(handle)), values->schema()));
    ARROW_RETURN_NOT_OK(put.writer->WriteRecordBatch(*values));
    ARROW_RETURN_NOT_OK(put.writer->DoneWriting());
    return put.writer->Close();
  }
  static rpc::FlightStatusCode Code(const arrow::Status& status) {
    const auto detail = rpc::FlightStatusDetail::UnwrapStatus(status);
    return detail == nullptr ? rpc::FlightStatusCode::Failed : detail->code();
  }
  bool Eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  }

  FixedTables tables_;
  std::unique_ptr<FlightServer> server_;
  std::unique_ptr<rpc::FlightClient> client_;
};

std::string Metadata(const arrow::Schema& schema, const char* key) {
  return schema.HasMetadata() ? schema.metadata()->Get(key).ValueOr("absent") : "absent";
}

TEST_F(FlightServerTest, AStatementOfEveryType) {
  const auto info = Info(EncodeQuery("SELECT * FROM lake.events")).ValueOrDie();
  arrow::ipc::DictionaryMemo memo;
  EXPECT_TRUE(info->GetSchema(&memo).ValueOrDie()->Equals(*EveryType()->schema()));
  const auto table = Rows(EncodeQuery("SELECT * FROM lake.events")).ValueOrDie();
  EXPECT_TRUE(table->Equals(*arrow::Table::FromRecordBatches({EveryType()}).ValueOrDie())) << table->ToString();
  EXPECT_EQ(Metadata(*table->schema(), kSnapshotIdKey), "1000");
  EXPECT_EQ(Metadata(*table->schema(), kOffsetsKey), R"({"events":{"0":3}})");
}

TEST_F(FlightServerTest, LargeAnswersComeInSmallBatches) {
  const auto reader = Open(EncodeQuery("SELECT * FROM lake.numbers")).ValueOrDie();
  const auto batches = reader->ToRecordBatches().ValueOrDie();
  int64_t rows = 0;
  for (const auto& batch : batches) {
    // Not by Int64Array::Value: what comes from a socket is not aligned.
    EXPECT_EQ(batch->column(0)->GetScalar(0).ValueOrDie()->ToString(), std::to_string(rows));
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 100'000);
}

TEST_F(FlightServerTest, HeadersOfEitherCallCount) {
  const auto options = Headers({{"wait-for", R"({"events":{"0":3}})"}, {"timeout-ms", "1500"}});
  const auto info = Info(EncodeQuery("SELECT * FROM other.empty"), options).ValueOrDie();
  ASSERT_TRUE(Get(info->endpoints()[0].ticket).ok());
  EXPECT_EQ(tables_.last_request().timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(tables_.last_request().wait_for.at({"events", PartitionId{0}}).value, 3);
  const auto later = Headers({{"timeout-ms", "7"}});
  ASSERT_TRUE(Get(info->endpoints()[0].ticket, later).ok());
  EXPECT_EQ(tables_.last_request().timeout, std::chrono::milliseconds(7));
  EXPECT_TRUE(Rows(EncodeQuery("SELECT * FROM other.empty"), Headers({{"timeout-ms", "x"}})).status().IsInvalid());
}

TEST_F(FlightServerTest, ErrorsKeepTheirKind) {
  EXPECT_TRUE(Rows(EncodeQuery("SELEKT")).status().IsInvalid());
  EXPECT_TRUE(Rows(EncodeQuery("SELECT * FROM nowhere")).status().IsKeyError());
  EXPECT_TRUE(Rows(EncodeQuery("SELECT error NotSupported")).status().IsNotImplemented());
  EXPECT_EQ(Code(Rows(EncodeQuery("SELECT error Timeout")).status()), rpc::FlightStatusCode::TimedOut);
  EXPECT_EQ(Code(Rows(EncodeQuery("SELECT error Corruption")).status()), rpc::FlightStatusCode::Internal);
  const auto late = Rows(EncodeQuery("SELECT late error ResourceExhausted")).status();
  EXPECT_EQ(Code(late), rpc::FlightStatusCode::Unavailable);
  EXPECT_THAT(late.message(), HasSubstr("ResourceExhausted: as was asked for, later"));
  EXPECT_TRUE(Rows("nonsense").status().IsInvalid());
  EXPECT_TRUE(Get(rpc::Ticket{EncodeQuery("SELECT 1")}).status().IsInvalid());
  EXPECT_TRUE(Info(EncodeStatementTicket("t")).status().IsInvalid());
  EXPECT_TRUE(Rows(EncodeQuery(std::string(2 << 20, 'x'))).status().IsInvalid());
}

TEST_F(FlightServerTest, OnlyReads) {
  EXPECT_TRUE(Info(EncodeText("CommandStatementUpdate", "DELETE FROM t")).status().IsNotImplemented());
  EXPECT_TRUE(Act("BeginTransaction", EncodeEmpty("ActionBeginTransactionRequest")).status().IsNotImplemented());
  EXPECT_TRUE(Act("BeginSavepoint", "").status().IsNotImplemented());
  EXPECT_TRUE(Act("Dance", "").status().IsNotImplemented());
  auto put = client_->DoPut(rpc::FlightDescriptor::Path({"lake.events"}), EveryType()->schema()).ValueOrDie();
  EXPECT_FALSE((put.writer->WriteRecordBatch(*EveryType()) & put.writer->Close()).ok());
  EXPECT_EQ(client_->ListActions().ValueOrDie().size(), 4u);
}

TEST_F(FlightServerTest, PreparedStatementsTakeParameters) {
  const CreatedStatement created = Prepare("SELECT * FROM lake.numbers WHERE n = ?");
  EXPECT_FALSE(created.result_schema.empty() || created.parameter_schema.empty());
  const std::string command = EncodePreparedQuery(created.handle);
  EXPECT_TRUE(Rows(command).status().IsInvalid()) << "not bound yet";
  arrow::ipc::DictionaryMemo memo;
  EXPECT_EQ(Info(command).ValueOrDie()->serialized_schema(), "") << "values may change it";
  const auto schema = client_->GetSchema(rpc::FlightDescriptor::Command(command)).ValueOrDie();
  EXPECT_TRUE(schema->GetSchema(&memo).ValueOrDie()->Equals(*Numbers(0)->schema()));
  const auto values = Numbers(3)->SelectColumns({0}).ValueOrDie();
  for (int64_t n = 0; n < 3; ++n) {
    ASSERT_TRUE(Bind(created.handle, values->Slice(n, 1)).ok());
    const auto table = Rows(command).ValueOrDie();
    ASSERT_EQ(table->num_rows(), 1);
    EXPECT_EQ(table->column(0)->GetScalar(0).ValueOrDie()->ToString(), std::to_string(n));
  }
  EXPECT_TRUE(Bind(created.handle, values).IsNotImplemented()) << "three rows";
  EXPECT_TRUE(Bind(created.handle, Numbers(1)).IsInvalid()) << "four columns";
  ASSERT_TRUE(Act("ClosePreparedStatement", EncodeClose(created.handle)).ok());
  EXPECT_TRUE(Rows(command).status().IsKeyError());
}

TEST_F(FlightServerTest, PreparedStatementsAreBounded) {
  const std::string first = Prepare("SELECT * FROM events").handle;
  Prepare("SELECT * FROM events");
  const auto third = Act("CreatePreparedStatement", EncodeCreate("SELECT * FROM events"));
  EXPECT_EQ(Code(third.status()), rpc::FlightStatusCode::Unavailable);
  EXPECT_EQ(Rows(EncodePreparedQuery(first)).ValueOrDie()->num_rows(), 3);
}

TEST_F(FlightServerTest, AClientThatLeavesCancelsItsQuery) {
  auto reader = Open(EncodeQuery("SELECT forever")).ValueOrDie();
  EXPECT_EQ(reader->Next().ValueOrDie().data->num_rows(), 1);
  reader->Cancel();
  reader.reset();
  EXPECT_TRUE(Eventually([&] { return tables_.cancelled_answers() == 1 && tables_.open_answers() == 0; }));
}

TEST_F(FlightServerTest, ADeadlineCancelsTheQuery) {
  auto options = Headers({});
  options.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(Code(Rows(EncodeQuery("SELECT forever"), options).status()), rpc::FlightStatusCode::TimedOut);
  EXPECT_TRUE(Eventually([&] { return tables_.open_answers() == 0; }));
}

TEST_F(FlightServerTest, AnotherCallCancelsTheQuery) {
  auto info = Info(EncodeQuery("SELECT forever")).ValueOrDie();
  auto reader = client_->DoGet(info->endpoints()[0].ticket).ValueOrDie();
  EXPECT_EQ(reader->Next().ValueOrDie().data->num_rows(), 1);
  const std::string bytes = info->SerializeToString().ValueOrDie();
  const auto answer = Act("CancelQuery", EncodeText("ActionCancelQueryRequest", bytes)).ValueOrDie();
  EXPECT_EQ(answer, EncodeCancelQueryResult(1));
  EXPECT_EQ(Code(reader->Next().status()), rpc::FlightStatusCode::Cancelled);

  auto other = Info(EncodeQuery("SELECT forever")).ValueOrDie();
  const rpc::Ticket ticket = other->endpoints()[0].ticket;
  const auto result = client_->CancelFlightInfo(rpc::CancelFlightInfoRequest(std::move(other))).ValueOrDie();
  EXPECT_EQ(result.status, rpc::CancelStatus::kCancelled);
  EXPECT_EQ(Code(Get(ticket).status()), rpc::FlightStatusCode::Cancelled);

  auto catalogs = Info(EncodeEmpty("CommandGetCatalogs")).ValueOrDie();
  EXPECT_EQ(client_->CancelFlightInfo(rpc::CancelFlightInfoRequest(std::move(catalogs)))->status,
            rpc::CancelStatus::kNotCancellable);
  EXPECT_TRUE(Act("CancelQuery", EncodeText("ActionCancelQueryRequest", "junk")).status().IsInvalid());
}

TEST_F(FlightServerTest, StreamsAreBounded) {
  std::vector<std::unique_ptr<rpc::FlightStreamReader>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(Open(EncodeQuery("SELECT forever")).ValueOrDie());
    ASSERT_TRUE(readers.back()->Next().ok());
  }
  EXPECT_EQ(Code(Rows(EncodeQuery("SELECT * FROM events")).status()), rpc::FlightStatusCode::Unavailable);
  readers.front()->Cancel();
  EXPECT_TRUE(Eventually([&] { return Rows(EncodeQuery("SELECT * FROM events")).ok(); }));
  for (const auto& reader : readers) reader->Cancel();
}

TEST_F(FlightServerTest, StoppingEndsStreamsSoon) {
  auto reader = Open(EncodeQuery("SELECT forever")).ValueOrDie();
  ASSERT_TRUE(reader->Next().ok());
  auto unread = Open(EncodeQuery("SELECT * FROM lake.numbers")).ValueOrDie();
  const auto start = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_FALSE(reader->Next().ok());
  EXPECT_EQ(tables_.open_answers(), 0);
}

TEST_F(FlightServerTest, APortIsForOneServer) {
  const auto second = FlightServer::Start("127.0.0.1", server_->port(), tables_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(second.error().message, HasSubstr("server.flight_port: cannot listen"));
  EXPECT_FALSE(FlightServer::Start("not an address", 0, tables_).has_value());
}

TEST_F(FlightServerTest, TablesAreFlights) {
  const auto listing = client_->ListFlights().ValueOrDie();
  std::vector<std::string> names;
  for (auto info = listing->Next().ValueOrDie(); info != nullptr; info = listing->Next().ValueOrDie()) {
    names.push_back(info->descriptor().path.at(0));
  }
  EXPECT_THAT(names, testing::ElementsAre("lake.events", "lake.numbers", "other.empty"));
  const auto other = client_->ListFlights({}, {"other.%"}).ValueOrDie();
  EXPECT_EQ(other->Next().ValueOrDie()->descriptor().path.at(0), "other.empty");
  EXPECT_EQ(other->Next().ValueOrDie(), nullptr);
}

TEST_F(FlightServerTest, HotRowsJoinTheSnapshot) {
  tables_.CommitAfterTable(2);
  const auto descriptor = rpc::FlightDescriptor::Path({"lake", "numbers"});
  const auto info = client_->GetFlightInfo(descriptor).ValueOrDie();
  EXPECT_EQ(nlohmann::json::parse(info->app_metadata())["hot_rows"], 1000);
  const auto table = Get(info->endpoints()[0].ticket).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 1000);
  EXPECT_EQ(table->column(0)->GetScalar(0).ValueOrDie()->ToString(), "99000");
  EXPECT_EQ(Metadata(*table->schema(), kSnapshotIdKey), "1000");
  EXPECT_EQ(Metadata(*table->schema(), kCommittedKey), R"({"numbers":{"0":49500,"1":49500}})");
  EXPECT_EQ(Metadata(*table->schema(), kFromKey), R"({"numbers":{"0":49500,"1":49500}})");
  EXPECT_EQ(Metadata(*table->schema(), kOffsetsKey), R"({"numbers":{"0":50000,"1":50000}})");
  tables_.CommitAfterTable(1000);
  EXPECT_EQ(Code(Get(info->endpoints()[0].ticket).status()), rpc::FlightStatusCode::Unavailable);
}

TEST_F(FlightServerTest, HotRowsFromAVectorOn) {
  const auto get = [&](const std::string& ticket) { return Get(rpc::Ticket{ticket}); };
  const auto table = get(R"({"table":"numbers","from":{"numbers":{"0":49990,"1":49999}}})").ValueOrDie();
  EXPECT_EQ(table->num_rows(), 11);
  EXPECT_EQ(Metadata(*table->schema(), kFromKey), R"({"numbers":{"0":49990,"1":49999}})");
  EXPECT_TRUE(get(R"({"table":"numbers","from":{"numbers":{"0":1}}})").status().IsInvalid());
  EXPECT_TRUE(get(R"({"table":"nowhere"})").status().IsKeyError());
  EXPECT_TRUE(get(R"({"tabel":"numbers"})").status().IsInvalid());
}

TEST_F(FlightServerTest, ATailFollows) {
  auto reader =
      client_->DoGet(rpc::Ticket{R"({"table":"numbers","from":{"numbers":{"0":50000,"1":50000}},"follow":true})"})
          .ValueOrDie();
  EXPECT_EQ(Metadata(*reader->GetSchema().ValueOrDie(), kSnapshotIdKey), "1000");
  for (int i = 0; i < 3; ++i) {
    tables_.AppendNumber();
    EXPECT_EQ(reader->Next().ValueOrDie().data->num_rows(), 1);
  }
  reader->Cancel();
  EXPECT_TRUE(Eventually([&] { return tables_.open_answers() == 0; }));
}

TEST_F(FlightServerTest, MetadataIsItsOwnTicket) {
  EXPECT_EQ(Rows(Encode(GetTables{.include_schema = true})).ValueOrDie()->num_rows(), 3);
  EXPECT_EQ(Rows(Encode(GetDbSchemas{})).ValueOrDie()->num_rows(), 2);
  EXPECT_EQ(Rows(Encode(GetSqlInfo{})).ValueOrDie()->num_rows(), 89);
  EXPECT_EQ(Rows(Encode(GetXdbcTypeInfo{-5})).ValueOrDie()->num_rows(), 1);
  EXPECT_EQ(Rows(EncodeEmpty("CommandGetCatalogs")).ValueOrDie()->num_rows(), 0);
  const auto schema = client_->GetSchema(rpc::FlightDescriptor::Command(EncodeEmpty("CommandGetCrossReference")));
  arrow::ipc::DictionaryMemo memo;
  EXPECT_EQ(schema.ValueOrDie()->GetSchema(&memo).ValueOrDie()->num_fields(), 13);
  const auto poll = client_->PollFlightInfo(rpc::FlightDescriptor::Command(EncodeQuery("SELECT * FROM events")));
  EXPECT_FALSE(poll.ValueOrDie()->descriptor.has_value());
}

}  // namespace
}  // namespace k2i::server::flight
