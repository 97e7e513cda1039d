// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/manifest_merge_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ManifestFile Manifest(int64_t bytes, int32_t spec_id = 0, ManifestFile::Content content = ManifestFile::Content::kData,
                      int32_t live = 1) {
  return {.manifest_length = bytes, .partition_spec_id = spec_id, .content = content, .existing_files_count = live};
}

TEST(ManifestMergePlanTest, MergesSmallOnesOfOneSpecAndKind) {
  const auto deletes = ManifestFile::Content::kDeletes;
  const auto merges =
      PlanManifestMerges({Manifest(10), Manifest(80), Manifest(20, 1), Manifest(10, 0, deletes), Manifest(30),
                          Manifest(20, 0, deletes), Manifest(40, 0, ManifestFile::Content::kData, 0), Manifest(20)},
                         100, 400);
  ASSERT_EQ(merges.size(), 2u);
  EXPECT_THAT(merges[0].sources, ElementsAre(0, 4, 7));
  EXPECT_EQ(merges[0].outputs, 1u);
  EXPECT_THAT(merges[1].sources, ElementsAre(3, 5));
}

TEST(ManifestMergePlanTest, LeavesWhatWouldNotBecomeFewer) {
  EXPECT_THAT(PlanManifestMerges({}, 100, 400), IsEmpty());
  EXPECT_THAT(PlanManifestMerges({Manifest(10)}, 100, 400), IsEmpty());
  EXPECT_THAT(PlanManifestMerges({Manifest(70), Manifest(70)}, 100, 400), IsEmpty());
  const auto merges = PlanManifestMerges({Manifest(70), Manifest(70), Manifest(70)}, 110, 400);
  ASSERT_EQ(merges.size(), 1u);
  EXPECT_EQ(merges[0].outputs, 2u);
}

TEST(ManifestMergePlanTest, WorksInBatchesAndComesToAnEnd) {
  std::mt19937_64 engine(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<ManifestFile> manifests;
    for (int i = 0; i < 60; ++i) manifests.push_back(Manifest(std::uniform_int_distribution<int64_t>(1, 150)(engine)));
    int passes = 0;
    for (; passes < 20; ++passes) {
      const auto merges = PlanManifestMerges(manifests, 100, 400);
      if (merges.empty()) break;
      std::set<size_t> gone;
      std::vector<ManifestFile> next;
      for (const auto& merge : merges) {
        int64_t bytes = 0;
        for (const size_t source : merge.sources) {
          EXPECT_TRUE(gone.insert(source).second);
          bytes += manifests[source].manifest_length;
        }
        EXPECT_LE(bytes, 400);
        ASSERT_LT(merge.outputs, merge.sources.size());
        for (size_t i = 0; i < merge.outputs; ++i)
          next.push_back(Manifest(bytes / static_cast<int64_t>(merge.outputs)));
      }
      for (size_t i = 0; i < manifests.size(); ++i) {
        if (!gone.contains(i)) next.push_back(manifests[i]);
      }
      ASSERT_LT(next.size(), manifests.size());
      manifests = std::move(next);
    }
    EXPECT_LT(passes, 20);
  }
}

}  // namespace
}  // namespace k2i::iceberg
