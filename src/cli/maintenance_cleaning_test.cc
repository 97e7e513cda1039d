// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/maintenance_flags.h"
#include "cli/maintenance_report.h"

namespace k2i::cli {
namespace {

using maintenance::FileKind;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(OlderThan, IsAnAgeOrAMoment) {
  constexpr int64_t kNow = 1'700'000'000'000;
  EXPECT_EQ(*ParseOlderThan("0s", kNow), kNow);
  EXPECT_EQ(*ParseOlderThan("90s", kNow), kNow - 90'000);
  EXPECT_EQ(*ParseOlderThan("30m", kNow), kNow - 30 * 60'000);
  EXPECT_EQ(*ParseOlderThan("12h", kNow), kNow - 12 * 3'600'000);
  EXPECT_EQ(*ParseOlderThan("5d", kNow), kNow - int64_t{5} * 24 * 3'600'000);
  EXPECT_EQ(*ParseOlderThan("1970-01-02", kNow), 24 * 3'600'000);
  EXPECT_EQ(*ParseOlderThan("1970-01-02T00:00:01.5Z", kNow), 24 * 3'600'000 + 1'500);
  EXPECT_EQ(*ParseOlderThan("1970-01-02T01:00:00+01:00", kNow), 24 * 3'600'000);
  for (const char* text : {"", "5", "d", "-1d", "1.5d", "5 d", "5w", "99999999999999999999d", "999999999d",
                           "1970-01-02T00:00:00", "yesterday"}) {
    const auto parsed = ParseOlderThan(text, kNow);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().component, Component::kConfig);
  }
}

maintenance::DeletionReport Files() {
  return {.deleted = {{FileKind::kData, {3, 1'500'000}}, {FileKind::kManifestList, {1, 900}}},
          .missing = 1,
          .failed = 1,
          .failures = {"s3://b/x: no"},
          .listed = {"s3://b/a", "s3://b/b"}};
}

TEST(CleaningReport, TellsWhatWasDone) {
  maintenance::ExpiryReport report{.plan = {.snapshots = {1, 2}, .refs = {"old"}, .properties = {"k2i.lease.x"}},
                                   .snapshots_kept = 7,
                                   .files = Files()};
  const std::string text = ExpiryText({.table = "db.t"}, report);
  EXPECT_THAT(text, HasSubstr("snapshots expired: 2, kept: 7\nref expired: old\nlease ended: k2i.lease.x\n"));
  EXPECT_THAT(text, HasSubstr("deleted: 4 files, 1.5 MB"));
  EXPECT_THAT(text, HasSubstr("could not be deleted: 1 files\n  s3://b/x: no\n"));
  EXPECT_THAT(text, Not(HasSubstr("s3://b/a")));
  const std::string planned = ExpiryText({.table = "db.t", .dry_run = true}, report);
  EXPECT_THAT(planned, HasSubstr("nothing has been changed"));
  EXPECT_THAT(planned, HasSubstr("s3://b/a\ns3://b/b\n… and 2 more\n"));

  report.files_error = Error{ErrorCode::kUnavailable, "down"};
  const json told = json::parse(ExpiryJson({.table = "db.t", .seconds = 2}, report));
  EXPECT_EQ(told["expired_snapshots"], json({1, 2}));
  EXPECT_EQ(told["deleted"]["files"], 4);
  EXPECT_EQ(told["deleted"]["kinds"]["data"], json({{"files", 3}, {"bytes", 1'500'000}}));
  EXPECT_EQ(told["error"]["code"], "Unavailable");
  const json failed = json::parse(ExpiryJson({.table = "db.t"}, std::unexpected(*report.files_error)));
  EXPECT_EQ(failed["error"]["message"], "down");
  EXPECT_FALSE(failed.contains("deleted"));
}

TEST(CleaningReport, TellsOfOrphans) {
  const maintenance::OrphanReport report{
      .location = "s3://b/t", .listed_files = 10, .listed_bytes = 5'000, .files = Files(), .stopped = {}};
  EXPECT_THAT(OrphansText({.table = "db.t"}, report), HasSubstr("below s3://b/t: 10 files, 5.0 kB\n"));
  const json told = json::parse(OrphansJson({.table = "db.t", .dry_run = true}, report));
  EXPECT_EQ(told["found"], json({{"files", 10}, {"bytes", 5'000}}));
  EXPECT_TRUE(told["error"].is_null());
  EXPECT_TRUE(told["dry_run"]);
}

}  // namespace
}  // namespace k2i::cli
