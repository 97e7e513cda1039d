// SPDX-License-Identifier: Apache-2.0
#include "engines/statement.h"

#include <gtest/gtest.h>

namespace k2i::engines {
namespace {

Job JobOf(JobKind kind) {
  return {.kind = kind,
          .table = {{"lake"}, "events"},
          .target_bytes = 1000,
          .small_below_bytes = 750,
          .min_input_files = 5,
          .max_files = {},
          .older_than_ms = 1'704'067'200'123,
          .retain_last = 3};
}

TEST(SparkStatement, CallsTheProcedures) {
  EXPECT_EQ(SparkStatement(JobOf(JobKind::kCompact), "cat"),
            "CALL `cat`.system.rewrite_data_files(table => '`cat`.`lake`.`events`', options => "
            "map('target-file-size-bytes', '1000', 'min-file-size-bytes', '750', 'min-input-files', '5', "
            "'delete-file-threshold', '1'))");
  Job bounded = JobOf(JobKind::kCompact);
  bounded.max_files = 9;
  EXPECT_NE(SparkStatement(bounded, "cat").find("'max-files-to-rewrite', '9'"), std::string::npos);
  Job chosen = JobOf(JobKind::kCompact);
  chosen.where = R"(`a` = 'it\'s')";
  EXPECT_EQ(SparkStatement(chosen, "cat"),
            "CALL `cat`.system.rewrite_data_files(table => '`cat`.`lake`.`events`', options => "
            "map('target-file-size-bytes', '1000', 'min-file-size-bytes', '750', 'min-input-files', '5', "
            R"('delete-file-threshold', '1'), where => '`a` = \'it\\\'s\''))");
  EXPECT_EQ(SparkStatement(JobOf(JobKind::kRewriteManifests), "cat"),
            "CALL `cat`.system.rewrite_manifests(table => '`cat`.`lake`.`events`')");
  EXPECT_EQ(SparkStatement(JobOf(JobKind::kExpireSnapshots), "cat"),
            "CALL `cat`.system.expire_snapshots(table => '`cat`.`lake`.`events`', older_than => TIMESTAMP "
            "'2024-01-01 00:00:00.123000Z', retain_last => 3)");
  EXPECT_EQ(SparkStatement(JobOf(JobKind::kCleanOrphans), "cat"),
            "CALL `cat`.system.remove_orphan_files(table => '`cat`.`lake`.`events`', older_than => TIMESTAMP "
            "'2024-01-01 00:00:00.123000Z')");
}

TEST(SparkStatement, NamesCannotLeaveTheirQuotes) {
  Job job = JobOf(JobKind::kRewriteManifests);
  job.table = {{"a.b", "c`d"}, "e'f\\g"};
  EXPECT_EQ(SparkStatement(job, "x`y"),
            "CALL `x``y`.system.rewrite_manifests(table => '`x``y`.`a.b`.`c``d`.`e\\'f\\\\g`')");
}

TEST(SparkStatement, VariablesOfSparkAreNotReplacedInNames) {
  Job job = JobOf(JobKind::kRewriteManifests);
  job.table.name = "a${env:HOME}";
  EXPECT_EQ(SparkStatement(job, "x"),
            R"(CALL `x`.system.rewrite_manifests(table => '`x`.`lake`.`a\u0024{env:HOME}`'))");
}

TEST(TrinoStatement, ExecutesTheProcedures) {
  const int64_t now = 1'704'067'200'123 + 86'400'000;
  EXPECT_EQ(*TrinoStatement(JobOf(JobKind::kCompact), "cat", now),
            R"(ALTER TABLE "cat"."lake"."events" EXECUTE optimize(file_size_threshold => '750B'))");
  EXPECT_EQ(*TrinoStatement(JobOf(JobKind::kRewriteManifests), "cat", now),
            R"(ALTER TABLE "cat"."lake"."events" EXECUTE optimize_manifests)");
  EXPECT_EQ(*TrinoStatement(JobOf(JobKind::kExpireSnapshots), "cat", now),
            R"(ALTER TABLE "cat"."lake"."events" EXECUTE expire_snapshots(retention_threshold => '86460s'))");
  EXPECT_EQ(*TrinoStatement(JobOf(JobKind::kCleanOrphans), "cat", now),
            R"(ALTER TABLE "cat"."lake"."events" EXECUTE remove_orphan_files(retention_threshold => '86460s'))");
  // Never younger than asked for, though what is asked for lies in the future.
  EXPECT_EQ(*TrinoStatement(JobOf(JobKind::kExpireSnapshots), "cat", 0),
            R"(ALTER TABLE "cat"."lake"."events" EXECUTE expire_snapshots(retention_threshold => '60s'))");
  Job odd = JobOf(JobKind::kRewriteManifests);
  odd.table = {{"a", "b"}, "c\"d"};
  EXPECT_EQ(*TrinoStatement(odd, "cat", now), R"(ALTER TABLE "cat"."a.b"."c""d" EXECUTE optimize_manifests)");
  odd.kind = JobKind::kCompact;
  odd.where = R"("d" >= DATE '2024-01-31')";
  EXPECT_EQ(
      *TrinoStatement(odd, "cat", now),
      R"(ALTER TABLE "cat"."a.b"."c""d" EXECUTE optimize(file_size_threshold => '750B') WHERE "d" >= DATE '2024-01-31')");
  odd.max_files = 5;
  EXPECT_EQ(TrinoStatement(odd, "cat", now).error().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace k2i::engines
