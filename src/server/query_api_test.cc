// SPDX-License-Identifier: Apache-2.0
#include "server/query_api.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "query/fake_service_testing.h"
#include "server/rows_testing.h"

namespace k2i::server {
namespace {

using query::FakeScript;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class FakeHealth final : public HealthPort {
 public:
  std::map<std::string, ComponentReport> Components() override { return {{"kafka", {HealthState::kHealthy, ""}}}; }
  std::optional<std::string> NotReady() override { return std::nullopt; }
  std::string StatusJson() override { return "{}"; }
  std::string MaintenanceJson() override { return R"({"held":null,"tasks":[]})"; }
  std::string Version() override { return "1"; }
  double UptimeSeconds() override { return 1; }
};

class QueryApiTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(QueryApiLimits limits) {
    server_.reset();
    server_ = ServeQueries("127.0.0.1", 0, health_, service_, limits).value();
  }
  /// Two rows from one table.
  std::shared_ptr<FakeScript> TwoRows() {
    auto script = std::make_shared<FakeScript>();
    script->schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
    script->pinned = {{.table = "analytics.events",
                       .snapshot_id = 7,
                       .offsets = {{{"events", PartitionId{0}}, Offset{124}}},
                       .missing = {}}};
    script->batches.push_back(MakeBatch(script->schema, R"([{"id": 1, "name": "a"}, {"id": 2, "name": null}])"));
    return script;
  }
  /// `count` rows in batches of 1,000.
  std::shared_ptr<FakeScript> ManyRows(int count) {
    auto script = TwoRows();
    script->batches.clear();
    for (int done = 0; done < count; done += 1000) {
      std::string rows = "[";
      for (int i = done; i < done + 1000; ++i)
        rows += (i > done ? "," : "") + ("{\"id\": " + std::to_string(i) + ", \"name\": \"some name\"}");
      script->batches.push_back(MakeBatch(script->schema, rows + "]"));
    }
    return script;
  }
  httplib::Client Client() { return httplib::Client("127.0.0.1", server_->port()); }
  httplib::Result Post(const std::string& body, const std::string& accept = "application/json") {
    return Client().Post("/api/v1/query", {{"Accept", accept}}, body, "application/json");
  }
  httplib::Result Select(const std::string& accept) { return Post(R"({"sql":"SELECT 1"})", accept); }

  FakeHealth health_;
  query::FakeService service_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(QueryApiTest, Json) {
  service_.answer = TwoRows();
  const auto response = Post(R"({"sql": "SELECT ?", "parameters": [1]})");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body,
            R"({"columns":[{"name":"id","type":"long"},{"name":"name","type":"string"}],"rows":[[1,"a"],[2,null]],)"
            R"("snapshot_id":7,"offsets":{"events":{"0":124}},)"
            R"("tables":[{"table":"analytics.events","snapshot_id":7,"offsets":{"events":{"0":124}}}]})");
  EXPECT_EQ(response->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(response->get_header_value("K2I-Snapshot-Id"), "7");
  EXPECT_EQ(response->get_header_value("K2I-Offsets"), R"({"events":{"0":124}})");
  EXPECT_EQ(service_.last_sql.sql, "SELECT ?");
  EXPECT_EQ(service_.last_sql.parameters.size(), 1u);
}

TEST_F(QueryApiTest, NdjsonAndCsv) {
  service_.answer = TwoRows();
  const auto ndjson = Select("application/x-ndjson");
  EXPECT_EQ(ndjson->body, "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":null}\n");
  EXPECT_EQ(ndjson->get_header_value("Content-Type"), "application/x-ndjson");
  service_.answer = TwoRows();
  const auto csv = Select("text/csv");
  EXPECT_EQ(csv->body, "id,name\r\n1,a\r\n2,\r\n");
  EXPECT_EQ(csv->get_header_value("Content-Type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(csv->get_header_value("K2I-Snapshot-Id"), "7");
}

TEST_F(QueryApiTest, ArrowStream) {
  service_.answer = TwoRows();
  const auto expected = TwoRows()->batches.front().value();
  const auto response = Select("application/vnd.apache.arrow.stream");
  EXPECT_EQ(response->get_header_value("Content-Type"), "application/vnd.apache.arrow.stream");
  const auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(response->body));
  const auto reader = arrow::ipc::RecordBatchStreamReader::Open(input).ValueOrDie();
  EXPECT_EQ(reader->schema()->metadata()->Get("k2i.snapshot-id").ValueOrDie(), "7");
  EXPECT_EQ(reader->schema()->metadata()->Get("k2i.offsets").ValueOrDie(), R"({"events":{"0":124}})");
  EXPECT_THAT(reader->schema()->metadata()->Get("k2i.tables").ValueOrDie(), HasSubstr("analytics.events"));
  const auto table = reader->ToTable().ValueOrDie();
  EXPECT_TRUE(table->CombineChunksToBatch().ValueOrDie()->Equals(*expected));
}

TEST_F(QueryApiTest, SeveralTablesAndMissingPartitions) {
  service_.answer = TwoRows();
  service_.answer->pinned.push_back({.table = "b.ü",
                                     .snapshot_id = std::nullopt,
                                     .offsets = {},
                                     .missing = {{"events", PartitionId{1}}, {"events", PartitionId{3}}},
                                     .failed_peers = {{"grpc://a:1", "Timeout: \xff"}}});
  const auto response = Select("*/*");
  EXPECT_THAT(response->body,
              EndsWith(R"("snapshot_id":null,"offsets":{},"tables":[{"table":"analytics.events","snapshot_id":7,)"
                       R"("offsets":{"events":{"0":124}}},{"table":"b.\u00fc","snapshot_id":null,"offsets":{},)"
                       R"("missing":{"events":[1,3]},)"
                       R"("failed_peers":[{"peer":"grpc://a:1","reason":"Timeout: \ufffd"}]}]})"));
  EXPECT_FALSE(response->has_header("K2I-Snapshot-Id"));
  EXPECT_THAT(response->get_header_value("K2I-Tables"), StartsWith("[{"));
}

TEST_F(QueryApiTest, ErrorsHaveAFittingStatus) {
  const std::pair<ErrorCode, int> expected[] = {{ErrorCode::kInvalidArgument, 400},   {ErrorCode::kNotFound, 404},
                                                {ErrorCode::kResourceExhausted, 429}, {ErrorCode::kNotSupported, 501},
                                                {ErrorCode::kUnavailable, 503},       {ErrorCode::kTimeout, 504},
                                                {ErrorCode::kInternal, 500},          {ErrorCode::kCorruption, 500}};
  for (const auto& [code, status] : expected) {
    service_.error = Error{code, "no \"good\" \xFF"};
    const auto response = Select("*/*");
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, R"({"error":{"code":")" + std::string(ToString(code)) + R"(","message":"no \"good\" )" +
                                  "\xEF\xBF\xBD\"}}");
    EXPECT_EQ(response->has_header("Retry-After"), status == 429 || status == 503);
  }
}

TEST_F(QueryApiTest, WhatCannotBeTakenIsRefused) {
  EXPECT_EQ(Select("text/html")->status, 406);
  EXPECT_EQ(Post(R"({"sqll": 1})")->status, 400);
  EXPECT_EQ(Client().Post("/api/v1/query", R"({"sql":"SELECT 1"})", "application/x-www-form-urlencoded")->status, 415);
  EXPECT_EQ(Client().Get("/api/v1/query")->status, 405);
  EXPECT_EQ(Client().Get("/api/v1/query")->get_header_value("Allow"), "POST, OPTIONS");
}

TEST_F(QueryApiTest, AnErrorAfterTheFirstRowsStillHasItsStatus) {
  service_.answer = TwoRows();
  service_.answer->batches.push_back(Fail(ErrorCode::kTimeout, "too slow"));
  const auto response = Select("text/csv");
  EXPECT_EQ(response->status, 504);
  EXPECT_EQ(response->body, R"({"error":{"code":"Timeout","message":"too slow"}})");
}

TEST_F(QueryApiTest, LongAnswersAreStreamedWhole) {
  Start({.held_bytes = 1000});
  for (const char* accept : {"application/json", "application/x-ndjson"}) {
    service_.answer = ManyRows(20'000);
    const auto response = Select(accept);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->get_header_value("Transfer-Encoding"), "chunked");
    EXPECT_THAT(response->body, HasSubstr("19999"));
    if (accept == std::string("application/json")) {
      EXPECT_EQ(nlohmann::json::parse(response->body)["rows"].size(), 20'000u);
    }
  }
}

TEST_F(QueryApiTest, AnErrorInMidStreamCutsTheConnection) {
  Start({.held_bytes = 1000});
  for (const char* accept :
       {"application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"}) {
    service_.answer = ManyRows(20'000);
    service_.answer->batches.push_back(Fail(ErrorCode::kTimeout, "too slow"));
    EXPECT_FALSE(Select(accept)) << accept;
  }
}

TEST_F(QueryApiTest, HangingUpCancelsTheQuery) {
  for (const bool streaming : {false, true}) {
    Start({.held_bytes = streaming ? 10u : 1u << 20});
    const auto script = TwoRows();
    script->wait_for_cancel = true;
    service_.answer = script;
    auto client = Client();
    auto sent = std::async(std::launch::async,
                           [&] { return client.Post("/api/v1/query", R"({"sql":"SELECT 1"})", "application/json"); });
    ASSERT_TRUE(script->Await(&FakeScript::waiting));
    client.stop();
    EXPECT_TRUE(script->Await(&FakeScript::destroyed));
    EXPECT_TRUE(script->cancelled);
    EXPECT_FALSE(sent.get());
  }
}

TEST_F(QueryApiTest, AClientThatLeavesEndsTheWaitForAnAnswer) {
  const std::string lookup = "/api/v1/tables/t/lookup?key=a";
  for (const bool sql : {true, false}) {
    const auto script = TwoRows();
    script->answer_comes_late = true;
    service_.answer = script;
    auto client = Client();
    auto sent = std::async(std::launch::async, [&] {
      return sql ? client.Post("/api/v1/query", R"({"sql":"SELECT 1"})", "application/json") : client.Get(lookup);
    });
    ASSERT_TRUE(script->Await(&FakeScript::waiting));
    client.stop();
    EXPECT_TRUE(script->Await(&FakeScript::cancelled));
    EXPECT_FALSE(sent.get());
  }
}

TEST_F(QueryApiTest, StoppingTheServerCancelsTheQuery) {
  const auto script = TwoRows();
  script->wait_for_cancel = true;
  service_.answer = script;
  auto sent = std::async(std::launch::async, [&] { return Select("*/*"); });
  ASSERT_TRUE(script->Await(&FakeScript::waiting));
  server_.reset();
  EXPECT_TRUE(script->destroyed);
}

TEST_F(QueryApiTest, HealthAnswersWhileAllQueriesAreTaken) {
  Start({.queries = 2});
  std::vector<std::shared_ptr<FakeScript>> scripts;
  std::vector<std::future<httplib::Result>> sent;
  for (int i = 0; i < 2; ++i) {
    scripts.push_back(TwoRows());
    scripts.back()->wait_for_cancel = true;
    service_.answer = scripts.back();
    sent.push_back(std::async(std::launch::async, [&] { return Select("*/*"); }));
    ASSERT_TRUE(scripts.back()->Await(&FakeScript::waiting));
  }
  const auto third = Select("*/*");
  EXPECT_EQ(third->status, 503);
  EXPECT_EQ(third->get_header_value("Retry-After"), "1");
  EXPECT_EQ(third->body, R"({"error":{"code":"Unavailable","message":"2 queries are under way, which is the bound"}})");
  EXPECT_EQ(Client().Get("/health")->status, 200);
  service_.answer = TwoRows();
  EXPECT_EQ(Client().Get("/api/v1/tables/t/lookup?key=a")->status, 200);
  for (const auto& script : scripts) script->Set(&FakeScript::cancelled);
  for (auto& future : sent) EXPECT_EQ(future.get()->status, 499);
  service_.answer = TwoRows();
  EXPECT_EQ(Select("*/*")->status, 200);  // there is room again
}

TEST_F(QueryApiTest, LookupsOverOneConnection) {
  auto client = Client();
  client.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    service_.answer = TwoRows();
    const auto response = client.Get("/api/v1/tables/analytics.events/lookup?key=a%FF&all=true&wait_for=events:0:5");
    ASSERT_TRUE(response);
    EXPECT_THAT(response->body, StartsWith(R"({"columns":)"));
  }
  EXPECT_EQ(service_.last_lookup.table, "analytics.events");
  EXPECT_EQ(service_.last_lookup.key, "a\xFF");
  EXPECT_TRUE(service_.last_lookup.all);
  EXPECT_EQ(client.Get("/api/v1/tables/t/lookup?kye=a")->status, 400);
  EXPECT_EQ(client.Get("/api/v1/tables/t/lookup?topic=e&partition=0&offset=12")->status, 200);
  EXPECT_EQ(service_.last_lookup.position->second, Offset{12});
}

TEST_F(QueryApiTest, TailSendsRowsAsTheyCome) {
  const auto script = TwoRows();
  script->wait_for_cancel = true;
  service_.answer = script;
  std::string body;
  auto client = Client();
  // The client ends the connection when it has two lines: without a flush after each piece they would never come.
  const auto response =
      client.Get("/api/v1/tables/t/tail?from=events:0:7&follow=true", [&](const char* data, size_t size) {
        body.append(data, size);
        return std::ranges::count(body, '\n') < 2;
      });
  EXPECT_FALSE(response);
  EXPECT_EQ(body, "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":null}\n");
  EXPECT_TRUE(script->Await(&FakeScript::destroyed));
  EXPECT_TRUE(service_.last_tail.follow);
  EXPECT_EQ(service_.last_tail.from.begin()->second, Offset{7});
  EXPECT_EQ(Client().Get("/api/v1/tables/t/tail", {{"Accept", "application/json"}})->status, 406);
}

TEST_F(QueryApiTest, Tables) {
  service_.tables = {{.database = "analytics",
                      .table = "events",
                      .schema = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false)}),
                      .location = "s3://b/t",
                      .pinned = {.table = "analytics.events",
                                 .snapshot_id = 7,
                                 .offsets = {{{"events", PartitionId{0}}, Offset{9}}},
                                 .missing = {}},
                      .committed = {{{"events", PartitionId{0}}, Offset{5}}},
                      .hot_rows = 4,
                      .key = "id"}};
  const std::string table =
      R"({"table":"analytics.events","snapshot_id":7,"offsets":{"events":{"0":9}},"committed":{"events":{"0":5}},)"
      R"("location":"s3://b/t","key":"id","hot_rows":4,"hot_bytes":0,"retained_rows":0,"cold_rows":0,"cold_files":0,)"
      R"("columns":[{"name":"id","type":"long","nullable":false}]})";
  EXPECT_EQ(Client().Get("/api/v1/tables")->body, R"({"tables":[)" + table + "]}");
  EXPECT_EQ(Client().Get("/api/v1/tables/analytics.events")->body, table);
  EXPECT_EQ(Client().Get("/api/v1/tables/nothing")->status, 404);
}

TEST_F(QueryApiTest, TheDocumentHasEveryRoute) {
  const auto document = nlohmann::json::parse(Client().Get("/api/v1/openapi.json")->body);
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> documented, served;
  for (const auto& [path, item] : document["paths"].items()) {
    for (const char* method : {"get", "post"}) {
      if (item.contains(method)) documented.insert(std::string(method) + " " + path);
    }
  }
  auto routes = HealthRoutes(health_);
  for (Route& route : QueryRoutes(service_)) routes.push_back(std::move(route));
  for (const Route& route : routes) served.insert((route.method == "GET" ? "get " : "post ") + route.path);
  EXPECT_EQ(documented, served);
}

}  // namespace
}  // namespace k2i::server
