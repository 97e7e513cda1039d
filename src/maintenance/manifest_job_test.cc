// SPDX-License-Identifier: Apache-2.0
#include "maintenance/manifest_job.h"

#include "maintenance/maintained_table_testing.h"

namespace k2i::maintenance {
namespace {

class ManifestJobTest : public MaintainedTable {
 protected:
  ManifestJobTest() {
    Create(Request());
    for (int i = 0; i < 5; ++i) Ingest(10);
  }
  void Set(const std::string& key, const std::string& value) {
    Apply({iceberg::update::SetProperties{{{key, value}}}});
  }
  ManifestReport Merge(bool automatic) {
    auto report = RewriteTableManifests({catalog_, clock_, random_}, store_, kTable, {.automatic = automatic}, {});
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return *report;
  }
};

TEST_F(ManifestJobTest, SmallManifestsAreMerged) { EXPECT_EQ(Merge(/*automatic=*/true).counts.replaced, 5); }

TEST_F(ManifestJobTest, TellsHowFarItIs) {
  std::vector<std::pair<int64_t, int64_t>> told;
  const ManifestOptions options{.on_progress = [&](int64_t merged, int64_t of) { told.emplace_back(merged, of); }};
  ASSERT_TRUE(RewriteTableManifests({catalog_, clock_, random_}, store_, kTable, options, {}));
  EXPECT_THAT(told, testing::ElementsAre(testing::Pair(5, 5)));
}

TEST_F(ManifestJobTest, ATableMayForbidItUnlessSomebodyAsks) {
  Set("commit.manifest-merge.enabled", "false");
  const auto left = Merge(/*automatic=*/true);
  EXPECT_EQ(left.counts.replaced, 0);
  EXPECT_EQ(left.snapshot_id, std::nullopt);
  EXPECT_EQ(Merge(/*automatic=*/false).counts.replaced, 5);
}

TEST_F(ManifestJobTest, FewManifestsWaitForMore) {
  Set("commit.manifest.min-count-to-merge", "6");
  EXPECT_EQ(Merge(/*automatic=*/true).counts.replaced, 0);
  Ingest(10);
  EXPECT_EQ(Merge(/*automatic=*/true).counts.replaced, 6);
}

TEST_F(ManifestJobTest, WhatWasForABaseThatHasMovedGoes) {
  int raced = 0;
  catalog_.before_commit = [&]() -> Status {
    if (raced++ < 2) Ingest(10);
    return {};
  };
  const auto merged = Merge(/*automatic=*/false);
  EXPECT_EQ(merged.conflicts, 2);
  EXPECT_TRUE(merged.snapshot_id.has_value());
  EXPECT_THAT(Unreached(), testing::IsEmpty());
}

TEST_F(ManifestJobTest, WhatIsTooOldToBeCommittedIsNoSuccess) {
  bool slept = false;
  catalog_.before_commit = [&]() -> Status {
    if (std::exchange(slept, true)) return {};
    clock_.Advance(std::chrono::hours(13));  // the machine has slept, and others have not
    Ingest(10);
    return {};
  };
  const auto merged = RewriteTableManifests({catalog_, clock_, random_}, store_, kTable, {}, {});
  ASSERT_FALSE(merged.has_value());
  EXPECT_EQ(merged.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(merged.error().message, testing::HasSubstr("run it again"));
  EXPECT_THAT(Unreached(), testing::IsEmpty());
}

}  // namespace
}  // namespace k2i::maintenance
