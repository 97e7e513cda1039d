// SPDX-License-Identifier: Apache-2.0
#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/answer_text.h"
#include "cli/commands.h"
#include "cli/query_client.h"
#include "net/http_client.h"
#include "query/fake_service_testing.h"
#include "server/query_api.h"
#include "server/rows_testing.h"

namespace k2i::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class FakeHealth final : public server::HealthPort {
 public:
  std::map<std::string, server::ComponentReport> Components() override { return {}; }
  std::optional<std::string> NotReady() override { return std::nullopt; }
  std::string StatusJson() override { return "{}"; }
  std::string MaintenanceJson() override { return "{}"; }
  std::string Version() override { return "1"; }
  double UptimeSeconds() override { return 1; }
};

class QueryCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    auto script = std::make_shared<query::FakeScript>();
    script->schema =
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("tags", arrow::list(arrow::utf8()))});
    script->pinned = {{.table = "db.t",
                       .snapshot_id = 7,
                       .offsets = {{{"events", PartitionId{0}}, Offset{124}}},
                       .missing = {{"events", PartitionId{1}}},
                       .failed_peers = {{"grpc://a:1", "Timeout: late"}}}};
    script->batches.push_back(
        server::MakeBatch(script->schema, R"([{"id": 1, "tags": ["a\nb"]}, {"id": null, "tags": null}])"));
    service_.answer = script;
    server_ = server::ServeQueries("127.0.0.1", 0, health_, service_).value();
    url_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  /// Runs `k2i query ARGS…`; what it prints is in out_ and err_.
  int Run(std::vector<std::string> arguments) {
    CLI::App app;
    int exit_code = 0;
    AddQueryCommand(app, exit_code);
    arguments.insert(arguments.begin(), "query");
    std::ranges::reverse(arguments);  // as CLI11 wants them
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      exit_code = kExitUsage;
    }
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  FakeHealth health_;
  query::FakeService service_;
  std::unique_ptr<server::HttpServer> server_;
  std::string url_, out_, err_;
};

TEST_F(QueryCommandTest, PrintsATable) {
  EXPECT_EQ(Run({"SELECT ?, ?", "--url", url_ + "/", "-p", "5", "--parameter", "five", "--wait-for", "events:0:12",
                 "--timeout-ms", "900"}),
            0)
      << err_;
  EXPECT_EQ(out_,
            "   id | tags\n"
            "------+----------\n"
            "    1 | [\"a\\nb\"]\n"
            " NULL | NULL\n");
  EXPECT_THAT(err_, StartsWith("2 rows in "));
  EXPECT_THAT(err_, EndsWith("; db.t at snapshot 7, events/0 below 124; newer rows of 1 partitions that other "
                             "processes read are missing; grpc://a:1: Timeout: late\n"));
  EXPECT_EQ(service_.last_sql.sql, "SELECT ?, ?");
  EXPECT_EQ(service_.last_sql.parameters.at(0)->ToString(), "5");
  EXPECT_EQ(service_.last_sql.parameters.at(1)->ToString(), "five");
  EXPECT_EQ(service_.last_sql.timeout, std::chrono::milliseconds(900));
  EXPECT_EQ(service_.last_sql.wait_for.begin()->second, Offset{12});
}

TEST_F(QueryCommandTest, PrintsJsonCsvAndArrow) {
  const auto script = service_.answer;
  const auto batches = script->batches;
  EXPECT_EQ(Run({"SELECT 1", "--url", url_, "--json"}), 0);
  EXPECT_THAT(out_, StartsWith(R"({"columns":[{"name":"id","type":"long"})"));
  EXPECT_THAT(out_, EndsWith("}\n"));
  script->batches = batches;
  EXPECT_EQ(Run({"SELECT 1", "--url", url_, "--csv"}), 0);
  EXPECT_EQ(out_, "id,tags\r\n1,\"[\"\"a\\nb\"\"]\"\r\n,\r\n");
  script->batches = batches;
  EXPECT_EQ(Run({"SELECT 1", "--url", url_, "--arrow"}), 0);
  const auto answer = ReadAnswer(out_);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->table.rows.at(0), ElementsAre("1", R"(["a\nb"])"));
  EXPECT_FALSE(ReadAnswer(out_.substr(0, out_.size() / 2)).has_value());
}

TEST_F(QueryCommandTest, ExitCodesTellWhatIsWrong) {
  service_.error = Error{ErrorCode::kInvalidArgument, "no column 'x'"};
  EXPECT_EQ(Run({"SELECT x", "--url", url_}), 10);
  EXPECT_EQ(err_, "k2i: no column 'x'\n");
  server_.reset();
  EXPECT_EQ(Run({"SELECT 1", "--url", url_}), kExitUnhealthy);
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(Run({"SELECT 1", "--file", "f"}), kExitUsage);
  EXPECT_EQ(Run({"SELECT 1", "--json", "--csv"}), kExitUsage);
  EXPECT_EQ(Run({"SELECT 1", "--wait-for", "events"}), kExitUsage);
  EXPECT_EQ(Run({"SELECT 1", "--watch=soon"}), kExitUsage);
  EXPECT_EQ(Run({"SELECT 1", "--timeout-ms", "0"}), kExitUsage);
  EXPECT_EQ(Run({"--file", "/nonexistent/query.sql"}), 10);
}

TEST_F(QueryCommandTest, AServiceOfThisProcessAnswersTheSame) {
  const QueryQuestion question{.sql = "SELECT 1", .parameters = {}, .wait_for = {}, .accept = "text/csv"};
  EXPECT_EQ(AskService(service_, question).value(), "id,tags\r\n1,\"[\"\"a\\nb\"\"]\"\r\n,\r\n");
  service_.answer->batches.push_back(Fail(ErrorCode::kTimeout, "too slow"));
  const auto failed = AskService(service_, question);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(failed.error().message, "too slow");
}

TEST_F(QueryCommandTest, AnAnswerThatIsCutIsAnError) {
  // More than is held back, and then an error.
  const auto batch = service_.answer->batches.front();
  for (int i = 0; i < 60'000; ++i) service_.answer->batches.push_back(batch);
  service_.answer->batches.push_back(Fail(ErrorCode::kTimeout, "too slow"));
  EXPECT_EQ(Run({"SELECT 1", "--url", url_, "--csv"}), 10);
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace k2i::cli
