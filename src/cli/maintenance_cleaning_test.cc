// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/cleaning_report.h"
#include "cli/maintenance_flags.h"

namespace k2i::cli {
namespace {

using maintenance::FileKind;
using nlohmann::json;
using nlohmann::ordered_json;
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
  const std::string text = ReportOf({.table = "db.t"}, report).text;
  EXPECT_THAT(text, HasSubstr("snapshots expired: 2, kept: 7\nref expired: old\nlease ended: k2i.lease.x\n"));
  EXPECT_THAT(text, HasSubstr("deleted: 4 files, 1.5 MB"));
  EXPECT_THAT(text, HasSubstr("could not be deleted: 1 files\n  s3://b/x: no\n"));
  EXPECT_THAT(text, Not(HasSubstr("s3://b/a")));
  const std::string planned = ReportOf({.table = "db.t", .dry_run = true}, report).text;
  EXPECT_THAT(planned, HasSubstr("nothing has been changed"));
  EXPECT_THAT(planned, HasSubstr("s3://b/a\ns3://b/b\n… and 2 more\n"));

  report.files_error = Error{ErrorCode::kUnavailable, "down"};
  const auto told = ToJson(ReportOf({.table = "db.t", .seconds = 2}, report));
  EXPECT_EQ(told["expired_snapshots"], json({1, 2}));
  EXPECT_EQ(told["deleted"]["files"], 4);
  EXPECT_EQ(told["deleted"]["kinds"]["data"], ordered_json({{"files", 3}, {"bytes", 1'500'000}}));
  EXPECT_EQ(told["seconds"], 2);
  EXPECT_EQ(told["error"]["code"], "Unavailable");
  EXPECT_EQ(told["error"]["message"], "the snapshots are expired, but files of theirs are left to clean-orphans: down");
}

TEST(CleaningReport, TellsOfOrphans) {
  maintenance::OrphanReport report{
      .location = "s3://b/t", .listed_files = 10, .listed_bytes = 5'000, .files = Files(), .stopped = {}};
  EXPECT_THAT(ReportOf({.table = "db.t"}, report).text, HasSubstr("below s3://b/t: 10 files, 5.0 kB\n"));
  const auto told = ToJson(ReportOf({.table = "db.t", .dry_run = true}, report));
  EXPECT_EQ(told["found"], ordered_json({{"files", 10}, {"bytes", 5'000}}));
  EXPECT_TRUE(told["error"].is_null());
  EXPECT_TRUE(told["dry_run"]);
  report.stopped = Error{ErrorCode::kCancelled, "stopped"};
  EXPECT_EQ(ToJson(ReportOf({.table = "db.t"}, report))["error"]["code"], "Cancelled");
}

/// Local files may be named in any encoding.
TEST(CleaningReport, NamesThatAreNotUtf8AreTold) {
  const maintenance::OrphanReport report{.files = {.listed = {"/t/caf\xe9.parquet"}}};
  const json told = json::parse(OrderedJsonText(ToJson(ReportOf({.table = "db.t"}, report))));
  EXPECT_EQ(told["deleted"]["listed"], json({"/t/caf\xef\xbf\xbd.parquet"}));
}

TEST(MaintenanceReport, ALineWithRateAndTimeLeft) {
  EXPECT_EQ(RenderCountProgress(500, 2'000, "files", 2), "500 of 2000 files, 250/s, 6 s left");
  EXPECT_EQ(RenderCountProgress(0, 0, "manifests", 0), "0 of 0 manifests, 0/s, 0 s left");
}

TEST(MaintenanceReport, WithoutAReportTheErrorStandsAlone) {
  const MaintenanceReport report{.run = {.table = "db.t", .error = Error{ErrorCode::kUnavailable, "down"}}};
  EXPECT_EQ(ToJson(report), ordered_json({{"table", "db.t"},
                                          {"dry_run", false},
                                          {"seconds", 0.0},
                                          {"error", {{"code", "Unavailable"}, {"message", "down"}}}}));
}

TEST(SizeText, TakesTheUnitThatFits) {
  EXPECT_EQ(SizeText(999), "999 B");
  EXPECT_EQ(SizeText(12'345), "12.3 kB");
  EXPECT_EQ(SizeText(int64_t{2'500'000'000'000}), "2.5 TB");
}

}  // namespace
}  // namespace k2i::cli
