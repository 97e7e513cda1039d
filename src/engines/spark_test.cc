// SPDX-License-Identifier: Apache-2.0
#include "engines/spark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "engines/child_process.h"

namespace k2i::engines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Result<ChildOutput> Shell(const std::string& script, std::stop_token stop = {}) {
  SystemClock clock;
  return RunChild({"sh", "-c", script}, clock, {}, std::move(stop));
}

TEST(ChildProcess, GivesBothOutputsAndTheExitCode) {
  const auto ran = Shell("echo out; echo err >&2; cat; exit 3");  // its input is empty
  ASSERT_TRUE(ran.has_value());
  EXPECT_EQ(ran->exit_code, 3);
  EXPECT_EQ(ran->out, "out\n");
  EXPECT_EQ(ran->err, "err\n");
  EXPECT_EQ(Shell("kill -9 $$")->exit_code, 128 + 9);
}

TEST(ChildProcess, KeepsSoMuchAndNoMore) {
  const auto ran =
      Shell("head -c 3000000 /dev/zero | tr '\\0' a; head -c 300000 /dev/zero | tr '\\0' b >&2; echo end >&2");
  ASSERT_TRUE(ran.has_value());
  EXPECT_EQ(ran->out.size(), 1u << 20);
  EXPECT_EQ(ran->err.size(), 64u << 10);
  EXPECT_THAT(ran->err, ::testing::EndsWith("b"
                                            "end\n"));
}

TEST(ChildProcess, ItsOwnEndCountsAndNotThatOfWhatItLeaves) {
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(Shell("sleep 30 & echo gone")->out, "gone\n");
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
}

TEST(ChildProcess, AStopEndsIt) {
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const auto ran = Shell("sleep 30", stop.get_token());
  stopper.join();
  EXPECT_EQ(ran.error().code, ErrorCode::kCancelled);
}

TEST(ChildProcess, WhatIsNotThereIsSaid) {
  SystemClock clock;
  const auto ran = RunChild({"/nowhere/spark-sql"}, clock, {}, {});
  EXPECT_EQ(ran.error().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(ran.error().message, HasSubstr("/nowhere/spark-sql"));
}

// As spark-sql 4.0.5 with Iceberg 1.11 prints it.
TEST(SparkOutput, IsReadByColumn) {
  const auto answer = ParseSparkOutput(
      "key\tvalue\nspark.app.id\tlocal-17\n"
      "rewritten_data_files_count\tadded_data_files_count\trewritten_bytes_count\n4\t1\t2516\n");
  EXPECT_EQ(answer.app_id, "local-17");
  EXPECT_EQ(answer.rows, 1);
  EXPECT_THAT(answer.counts,
              UnorderedElementsAre(Pair("rewritten_data_files_count", 4), Pair("added_data_files_count", 1),
                                   Pair("rewritten_bytes_count", 2516)));
}

TEST(SparkOutput, RowsOfFilesAreCounted) {
  const auto answer = ParseSparkOutput("key\tvalue\nspark.app.id\ta\norphan_file_location\ns3://b/x\ns3://b/y\n");
  EXPECT_EQ(answer.rows, 2);
  EXPECT_THAT(answer.counts, IsEmpty());
  EXPECT_EQ(ParseSparkOutput("key\tvalue\nspark.app.id\ta\norphan_file_location\n").rows, 0);
}

TEST(SparkOutput, OfAnotherFormSaysNothing) {
  for (const char* out : {"", "\n\n", "hello\nworld\n", "key\tvalue\n"}) {
    const auto answer = ParseSparkOutput(out);
    EXPECT_EQ(answer.app_id, "");
    EXPECT_EQ(answer.rows, 0) << out;
  }
}

TEST(RunSpark, PutsTheStatementBehindTheCommand) {
  SystemClock clock;
  const auto answer = RunSpark(
      {"sh", "-c",
       "printf 'spark.app.id\\tx\\na\\tb\\n1\\t2\\n'; echo \"$0 $@\" >&2; test \"$4\" = 'SET spark.app.id; CALL f()'",
       "sql"},
      "CALL f()", clock, {}, {});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_THAT(answer->counts, ElementsAre(Pair("a", 1), Pair("b", 2)));
  const auto failed =
      RunSpark({"sh", "-c", "echo why >&2; printf '\\tat x.y\\n' >&2; exit 1"}, "CALL f()", clock, {}, {});
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);
  EXPECT_THAT(failed.error().message, HasSubstr("why"));
  EXPECT_THAT(failed.error().message, Not(HasSubstr("x.y")));
}

}  // namespace
}  // namespace k2i::engines
