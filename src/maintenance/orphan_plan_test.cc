// SPDX-License-Identifier: Apache-2.0
#include "maintenance/orphan_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::maintenance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kNow = 100 * kDayMs;
constexpr int64_t kOld = 10 * kDayMs;
constexpr int64_t kCutoff = 97 * kDayMs;

OrphanFinder Finder(const std::string& location, const std::vector<std::string>& reachable) {
  auto finder = OrphanFinder::Make(location, kCutoff);
  EXPECT_TRUE(finder.has_value());
  for (const std::string& file : reachable) EXPECT_TRUE(finder->AddReachable(file).has_value()) << file;
  return *std::move(finder);
}

std::vector<std::string> Orphans(const OrphanFinder& finder, const std::vector<std::string>& listing) {
  std::vector<std::string> orphans;
  for (const std::string& file : listing) {
    const auto orphan = finder.IsOrphan({file, 1, kOld});
    EXPECT_TRUE(orphan.has_value()) << file << ": " << orphan.error().message;
    if (orphan.value_or(false)) orphans.push_back(file);
  }
  return orphans;
}

TEST(OrphanCutoff, IsNeverYoungerThanADay) {
  EXPECT_EQ(*OrphanCutoff(kOld, false, kNow), kOld);
  EXPECT_EQ(*OrphanCutoff(kNow - kDayMs, false, kNow), kNow - kDayMs);
  const auto young = OrphanCutoff(kNow - kDayMs + 1, false, kNow);
  EXPECT_EQ(young.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(young.error().message, HasSubstr("--force-younger-than-a-day"));
  EXPECT_EQ(*OrphanCutoff(kNow - 5, true, kNow), kNow - 5);
  EXPECT_EQ(*OrphanCutoff(kNow + 5, true, kNow), kNow);
}

TEST(OrphanFinder, FindsWhatNothingRefersTo) {
  const auto finder = Finder("s3://b/w/t", {"s3://b/w/t/data/a.parquet", "s3a://b/w/t//data/p=1/b.parquet",
                                            "s3n://b/w/t/data/c%20d.parquet", "s3://b/w/t/metadata/1.metadata.json"});
  EXPECT_THAT(Orphans(finder, {"s3://b/w/t/data/a.parquet", "s3://b/w/t/data/p=1/b.parquet",
                               "s3://b/w/t/data/b.parquet", "s3://b/w/t/data/c d.parquet",
                               "s3://b/w/t/metadata/1.metadata.json", "s3://b/w/t/metadata/0.metadata.json"}),
              ElementsAre("s3://b/w/t/data/b.parquet", "s3://b/w/t/metadata/0.metadata.json"));
  EXPECT_FALSE(*finder.IsOrphan({"s3://b/w/t/data/young.parquet", 1, kCutoff}));
  EXPECT_TRUE(*finder.IsOrphan({"s3://b/w/t/data/young.parquet", 1, kCutoff - 1}));
  EXPECT_EQ(finder.IsOrphan({"s3://b/w/other/x", 1, kOld}).error().code, ErrorCode::kInternal);
}

TEST(OrphanFinder, LocalPathsAreThoseOfTheirUris) {
  const auto finder = Finder("file:///w/t/", {"/w/t/data/a.parquet", "file:/w/t/data/b.parquet"});
  EXPECT_THAT(Orphans(finder, {"file:///w/t/data/a.parquet", "file:///w/t/data/b.parquet", "file:///w/t/data/c.parquet",
                               "file:///w/t/data/.k2i-1.tmp"}),
              ElementsAre("file:///w/t/data/c.parquet", "file:///w/t/data/.k2i-1.tmp"));
}

TEST(OrphanFinder, LeavesHiddenFilesOfOthers) {
  const auto finder = Finder("/w/t", {});
  EXPECT_THAT(Orphans(finder, {"/w/t/_delta_log/0.json", "/w/t/.hoodie/x", "/w/t/data/.a.parquet.crc",
                               "/w/t/data/_SUCCESS", "/w/t/metadata/version-hint.text", "/w/t/data/_c=1/x.parquet"}),
              ElementsAre("/w/t/data/_c=1/x.parquet"));
}

TEST(OrphanFinder, RefusesWhereTwoSpellingsMayBeOneFile) {
  // The bucket by another name, a table that was moved, a link.
  const auto finder = Finder("s3://b/w/t", {"s3://alias/w/t/data/a.parquet", "s3://b/old/t/data/c.parquet"});
  for (const char* file : {"s3://b/w/t/data/a.parquet", "s3://b/w/t/data/c.parquet"}) {
    const auto orphan = finder.IsOrphan({file, 1, kOld});
    ASSERT_FALSE(orphan.has_value()) << file;
    EXPECT_EQ(orphan.error().code, ErrorCode::kNotSupported);
    EXPECT_THAT(orphan.error().message, HasSubstr(file));
  }
  EXPECT_TRUE(*finder.IsOrphan({"s3://b/w/t/data/b.parquet", 1, kOld}));
  EXPECT_FALSE(OrphanFinder::Make("w/t", kCutoff).has_value());
  EXPECT_FALSE(Finder("s3://b/w/t", {}).AddReachable("data/a.parquet").has_value());
}

TEST(CheckUnshared, RefusesLocationsThatHoldMoreThanTheTable) {
  const auto code = [](const std::string& location, const std::vector<TableRoots>& others,
                       const std::string& warehouse = "") {
    const Status checked = CheckUnshared({"db.t", {location}}, others, warehouse);
    return checked.has_value() ? "" : std::string(ToString(checked.error().code));
  };
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3://b/w/u"}}, {"db.t2", {"s3a://b/w/t2"}}}, "s3://b/w"), "");
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3a://b//w/t/u"}}}), "NotSupported");
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3://b/w"}}}), "NotSupported");
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3://b/w/t/"}}}), "NotSupported");
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3://b/w/u", "s3://b/w/t/data"}}}), "NotSupported");
  EXPECT_EQ(code("s3://b/w", {}, "s3://b/w/"), "NotSupported");
  EXPECT_EQ(code("s3://b/w", {}, "s3://b/w/house"), "NotSupported");
  EXPECT_EQ(code("s3://b/w/t", {}, "a name"), "");
  EXPECT_EQ(code("s3://b", {}), "NotSupported");
  EXPECT_EQ(code("file:///", {}), "NotSupported");
  EXPECT_EQ(code("s3://b/w/t", {{"db.u", {"s3://b/w/../t"}}}), "InvalidArgument");
}

TEST(RootsOf, NamesWhatThePropertiesSay) {
  iceberg::TableMetadata table;
  table.location = "s3://b/t";
  table.properties = {{"write.data.path", "s3://c/d"}, {"write.metadata.path", "s3://c/m"}};
  EXPECT_THAT(RootsOf("db.t", table).roots, ElementsAre("s3://b/t", "s3://c/d", "s3://c/m"));
}

TEST(KindByName, TellsFilesApart) {
  EXPECT_EQ(KindByName("s3://b/t/data/a.parquet"), FileKind::kData);
  EXPECT_EQ(KindByName("s3://b/t/metadata/snap-1-2-x.avro"), FileKind::kManifestList);
  EXPECT_EQ(KindByName("s3://b/t/metadata/x-m0.avro"), FileKind::kManifest);
  EXPECT_EQ(KindByName("s3://b/t/data/x.avro"), FileKind::kData);
  EXPECT_EQ(KindByName("s3://b/t/metadata/00001-x.gz.metadata.json"), FileKind::kMetadata);
  EXPECT_EQ(KindByName("s3://b/t/metadata/x.stats"), FileKind::kStatistics);
  EXPECT_EQ(KindByName("s3://b/t/notes.txt"), FileKind::kOther);
}

}  // namespace
}  // namespace k2i::maintenance
