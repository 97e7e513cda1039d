// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/completions.h"
#include "cli/progress_line.h"
#include "cli/wiring.h"

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

}  // namespace
}  // namespace k2i::cli
