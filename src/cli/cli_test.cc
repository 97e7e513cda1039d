// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/completions.h"
#include "cli/progress_line.h"
#include "cli/rewrite_report.h"
#include "cli/wiring.h"
#include "config/load.h"

namespace k2i::cli {
namespace {

using testing::HasSubstr;

class CompletionsTest : public testing::Test {
 protected:
  void SetUp() override {
    AddIngestCommand(app_, exit_code_);
    AddValidateCommand(app_, exit_code_);
    AddStatusCommand(app_, exit_code_);
    AddQueryCommand(app_, exit_code_);
    AddVerifyCommand(app_, exit_code_);
    AddMaintenanceCommand(app_, exit_code_);
    AddOffsetsCommand(app_, exit_code_);
    AddTxlogCommand(app_, exit_code_);
    AddDevCommand(app_, exit_code_);
    AddCompletionsCommand(app_, exit_code_);
  }
  CLI::App app_{"K2I's tool", "k2i"};
  int exit_code_ = 0;
};

TEST_F(CompletionsTest, EveryShellKnowsEveryCommandAndFlag) {
  for (const std::string& text : {BashCompletion(app_), ZshCompletion(app_), FishCompletion(app_), ManPage(app_)}) {
    for (const char* command : {"ingest", "validate", "status", "query", "verify", "dev", "completions"})
      EXPECT_THAT(text, HasSubstr(command));
  }
  EXPECT_THAT(BashCompletion(app_), HasSubstr("--watch"));
  EXPECT_THAT(BashCompletion(app_), HasSubstr("--wait-for"));
  EXPECT_THAT(ZshCompletion(app_), HasSubstr("--offline"));
  EXPECT_THAT(ZshCompletion(app_), HasSubstr("--allow-deletes"));
  EXPECT_THAT(FishCompletion(app_), HasSubstr("-l bootstrap-servers"));
  EXPECT_THAT(ManPage(app_), HasSubstr("\\-\\-config"));
  // Commands below commands.
  EXPECT_THAT(BashCompletion(app_), HasSubstr("offsets) words='show rewind adopt"));
  EXPECT_THAT(ZshCompletion(app_), HasSubstr("--to-snapshot"));
  EXPECT_THAT(FishCompletion(app_), HasSubstr("offsets; and __fish_seen_subcommand_from rewind' -l allow-gap"));
  EXPECT_THAT(ManPage(app_), HasSubstr(".SS k2i offsets adopt"));
  EXPECT_THAT(ManPage(app_), HasSubstr(".SS k2i txlog show"));
  EXPECT_THAT(BashCompletion(app_), HasSubstr("maintenance) words='compact rewrite-manifests"));
}

TEST(RewriteReportTest, TellsWhatWasDone) {
  maintenance::CompactionReport report{.target_bytes = 1'000'000, .live_files_before = 9, .live_bytes_before = 12'345};
  MaintenanceRun run{.table = "db.t", .seconds = 2};
  const auto text = [&] { return ReportOf(run, report).text; };
  EXPECT_EQ(text(), "db.t: 9 data files, 12.3 kB\nnothing to compact\n");
  report.groups = {{.partition = "day=2024-01-31", .files = 8, .bytes = 12'000, .rows = 77}};
  report.files_removed = 8;
  report.bytes_removed = 12'000'000;
  report.files_added = report.commits = 1;
  report.rows = 77;
  report.live_files_after = 2;
  report.skipped = {"no field ids"};
  EXPECT_THAT(
      text(),
      HasSubstr("merged 8 files (12.0 MB) into 1 (0 B), 77 rows, in 1 commits\nnow 2 data files; 2.0 s, 6.0 MB/s"));
  EXPECT_THAT(text(), HasSubstr("skipped: no field ids"));
  run.dry_run = true;
  EXPECT_THAT(text(), HasSubstr("would merge 8 files (12.0 kB, 77 rows) in 1 groups"));
  EXPECT_THAT(text(), HasSubstr("  day=2024-01-31: 8 files"));
  run.error = Error{ErrorCode::kCommitConflict, "others were faster"};
  const auto told = ToJson(ReportOf(run, report));
  EXPECT_EQ(told["table"], "db.t");
  EXPECT_EQ(told["dry_run"], true);
  EXPECT_EQ(told["seconds"], 2);
  EXPECT_EQ(told["live_files"]["before"], 9);
  EXPECT_EQ(told["live_files"]["after"], 2);
  EXPECT_EQ(told["error"]["code"], "CommitConflict");
  EXPECT_EQ(told["error"]["message"], "others were faster");
  EXPECT_NE(text(), "") << "what has been committed is told all the same";
  report.commits = 0;
  EXPECT_EQ(text(), "");
}

TEST(RewriteReportTest, ABarWithRateAndTimeLeft) {
  const maintenance::CompactionProgress progress{
      .groups_done = 1, .groups = 4, .bytes_done = 25'000'000, .bytes = 100'000'000};
  EXPECT_EQ(RenderCompactionProgress(progress, 5),
            "[######..................]  25 % | 1/4 groups | 25.0 MB of 100.0 MB | 5.0 MB/s | 15 s left");
}

TEST(ProgressLineTest, SaysRateLagBufferAndLastCommit) {
  ingest::StreamStatus status;
  status.state = "running";
  status.consumed = 3000;
  status.commits = 1;
  status.committed_rows = 2000;
  status.last_commits.push_back({.committed_at_ms = 1000, .rows = 2000});
  EXPECT_EQ(RenderProgress(status, 1000, 2, 4000),
            "running | 1000 rows/s | lag 0 | buffer 0 rows, 0/0 MB | committed 2000 rows in 1 commits | "
            "last commit 2000 rows 3 s ago");
}

TEST(WiringTest, OptionsFollowTheConfiguration) {
  const auto config = config::ParseConfig(R"(
[kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
group_id = "g"
[buffer]
max_size_mb = 100
flush_batch_size = 7
[iceberg]
catalog_type = "sql"
warehouse = "/tmp/warehouse"
database = "a.b"
table = "events"
[[iceberg.partition_spec]]
source_field = "ts"
transform = "day"
)",
                                          "test.toml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  const auto options = MakePipelineOptions(*config);
  EXPECT_EQ(options.memory.limit_bytes, 100 << 20);
  EXPECT_EQ(options.stream.flush.max_bytes, 40 << 20);
  EXPECT_EQ(options.stream.flush.max_rows, 7);
  EXPECT_EQ(options.stream.flusher.committer.pipeline, "g");
  EXPECT_EQ(options.stream.table.identifier.name_space, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.stream.table.partition_fields.at(0).transform, "day");
  EXPECT_EQ(options.stream.rows.decoder.extra_column, "_extra");
  EXPECT_EQ(MakeKafkaOptions(*config).group_id, "g");
}

TEST(WiringTest, RowsAreKeptForAsLongAsPeersMayAskForThem) {
  config::Config config;
  config.buffer.ttl_seconds = 1;
  config.query.peer_timeout_ms = 2500;
  EXPECT_EQ(MakePipelineOptions(config).stream.views.retain_for, std::chrono::seconds(1));
  config.query.peers = {"grpc://a:1"};
  EXPECT_EQ(MakePipelineOptions(config).stream.views.retain_for, std::chrono::milliseconds(2500));
  config.buffer.ttl_seconds = 60;
  EXPECT_EQ(MakePipelineOptions(config).stream.views.retain_for, std::chrono::minutes(1));
}

}  // namespace
}  // namespace k2i::cli
