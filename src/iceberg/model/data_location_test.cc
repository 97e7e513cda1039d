// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/data_location.h"

#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

DataLocation With(std::map<std::string, std::string> properties, std::string table = "s3://b/db/t") {
  TableMetadata metadata;
  metadata.location = std::move(table);
  metadata.properties = std::move(properties);
  return DataLocation::Of(metadata);
}

TEST(DataLocationTest, FilesLieInAFolderForEachPartition) {
  EXPECT_EQ(With({}).FileLocation("", "f.parquet"), "s3://b/db/t/data/f.parquet");
  EXPECT_EQ(With({}).FileLocation("day=1/x=2", "f.parquet"), "s3://b/db/t/data/day=1/x=2/f.parquet");
  EXPECT_EQ(With({{"write.data.path", "s3://c/d//"}}).FileLocation("x=1", "f"), "s3://c/d/x=1/f");
  EXPECT_EQ(With({{"write.folder-storage.path", "s3://c/d"}}).FileLocation("", "f"), "s3://c/d/f");
  EXPECT_EQ(With({{"write.object-storage.path", "s3://c/d"}}).FileLocation("", "f"), "s3://b/db/t/data/f");
  EXPECT_EQ(DataLocation("mem://x/").FileLocation("", "f"), "mem://x/f");
}

// Locations that Iceberg's Java library and PyIceberg give.
TEST(DataLocationTest, HashesSpreadFilesOverAnObjectStore) {
  const auto hashed = With({{"write.object-storage.enabled", "true"}});
  EXPECT_EQ(hashed.FileLocation("", "a"), "s3://b/db/t/data/0101/0110/1001/10110010/a");
  EXPECT_EQ(hashed.FileLocation("", "b"), "s3://b/db/t/data/1110/0111/1110/00000011/b");
  EXPECT_EQ(hashed.FileLocation("", "c"), "s3://b/db/t/data/0010/1101/0110/01011111/c");
  EXPECT_EQ(hashed.FileLocation("", "d"), "s3://b/db/t/data/1001/0001/0100/01110011/d");
  EXPECT_TRUE(hashed.FileLocation("x=1", "f").ends_with("/x=1/f"));
  EXPECT_NE(hashed.FileLocation("x=1", "f").substr(0, 40), hashed.FileLocation("x=2", "f").substr(0, 40));
}

TEST(DataLocationTest, PartitionPathsMayBeLeftOutOfHashedLocations) {
  const auto hashed =
      With({{"write.object-storage.enabled", "TRUE"}, {"write.object-storage.partitioned-paths", "false"}});
  EXPECT_EQ(hashed.FileLocation("x=1", "test.parquet"), "s3://b/db/t/data/0110/1010/0011/11101000-test.parquet");
}

TEST(DataLocationTest, TablesThatShareAFolderAreToldApart) {
  const auto shared = With({{"write.object-storage.enabled", "true"}, {"write.data.path", "s3://c/all"}});
  EXPECT_EQ(shared.FileLocation("", "a"), "s3://c/all/0101/0110/1001/10110010/db/t/a");
  const auto older = With({{"write.object-storage.enabled", "true"}, {"write.object-storage.path", "s3://c/old"}});
  EXPECT_EQ(older.FileLocation("", "a"), "s3://c/old/0101/0110/1001/10110010/db/t/a");
  const auto flat = With({{"write.object-storage.enabled", "true"},
                          {"write.data.path", "s3://c/all"},
                          {"write.object-storage.partitioned-paths", "false"}});
  EXPECT_EQ(flat.FileLocation("x=1", "a"), "s3://c/all/0101/0110/1001/10110010/db/t/a");
}

}  // namespace
}  // namespace k2i::iceberg
