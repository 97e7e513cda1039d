// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metadata_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/catalog/catalog.h"
#include "iceberg/model/gzip.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;

TableMetadata Table(std::map<std::string, std::string> properties = {}) {
  CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
  TableMetadata metadata = *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
  metadata.properties = std::move(properties);
  return metadata;
}

TEST(MetadataFileTest, NumbersItsNames) {
  EXPECT_EQ(NewMetadataLocation(Table(), "", "u"), "s3://b/t/metadata/00000-u.metadata.json");
  EXPECT_EQ(NewMetadataLocation(Table(), "s3://x/00041-abc.metadata.json", "u"),
            "s3://b/t/metadata/00042-u.metadata.json");
  EXPECT_EQ(NewMetadataLocation(Table(), "00041-abc.gz.metadata.json", "u"), "s3://b/t/metadata/00042-u.metadata.json");
  EXPECT_EQ(NewMetadataLocation(Table(), "s3://x/v7.metadata.json", "u"), "s3://b/t/metadata/00000-u.metadata.json");
  EXPECT_EQ(NewMetadataLocation(
                Table({{"write.metadata.path", "s3://m/"}, {"write.metadata.compression-codec", "gzip"}}), "", "u"),
            "s3://m/00000-u.gz.metadata.json");
}

TEST(MetadataFileTest, TakesGzipForManySnapshotsUnlessTheTableSaysOtherwise) {
  TableMetadata table = Table();
  for (size_t i = 0; i < kPlainSnapshots; ++i) table.snapshots.push_back({.snapshot_id = static_cast<int64_t>(i)});
  EXPECT_EQ(NewMetadataLocation(table, "", "u"), "s3://b/t/metadata/00000-u.metadata.json");
  table.snapshots.push_back({.snapshot_id = -1});
  EXPECT_EQ(NewMetadataLocation(table, "", "u"), "s3://b/t/metadata/00000-u.gz.metadata.json");
  table.properties["write.metadata.compression-codec"] = "none";
  EXPECT_EQ(NewMetadataLocation(table, "", "u"), "s3://b/t/metadata/00000-u.metadata.json");
}

TEST(MetadataFileTest, ReadsPlainAndGzip) {
  io::MemoryObjectStore store;
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/0-a.metadata.json", Table()).has_value());
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/0-a.gz.metadata.json", Table()).has_value());
  EXPECT_EQ((*ReadMetadataFile(store, "s3://b/0-a.metadata.json"))->location, "s3://b/t");
  EXPECT_EQ((*ReadMetadataFile(store, "s3://b/0-a.gz.metadata.json"))->location, "s3://b/t");
  EXPECT_TRUE(IsGzip(*store.Read("s3://b/0-a.gz.metadata.json")));
  store.Overwrite("s3://b/v1.metadata.json.gz", *store.Read("s3://b/0-a.gz.metadata.json"));  // Hadoop's older name
  EXPECT_TRUE(ReadMetadataFile(store, "s3://b/v1.metadata.json.gz").has_value());
}

TEST(MetadataFileTest, AMissingOrDamagedFileIsNotAMissingTable) {
  io::MemoryObjectStore store;
  store.Overwrite("s3://b/bad", "{");
  store.Overwrite("s3://b/badgz", "\x1f\x8b{");
  for (const char* location : {"s3://b/none", "s3://b/bad", "s3://b/badgz"}) {
    const auto metadata = ReadMetadataFile(store, location);
    ASSERT_FALSE(metadata.has_value());
    EXPECT_EQ(metadata.error().code, ErrorCode::kCorruption);
    EXPECT_EQ(metadata.error().component, Component::kStorage);
    EXPECT_THAT(metadata.error().message, testing::HasSubstr(location));
  }
}

TEST(MetadataFileTest, AFailedWriteLeavesNothing) {
  io::MemoryObjectStore store;
  store.set_fault_hook([](const io::StoreCall& call) -> Status {
    const bool lost_reply = call.op == io::StoreOp::kCreate && call.phase == io::StoreCall::Phase::kAfter;
    return lost_reply ? Status(Fail(ErrorCode::kTimeout, "reply lost", Component::kStorage)) : Status();
  });
  EXPECT_EQ(WriteMetadataFile(store, "s3://b/0-a.metadata.json", Table()).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(store.live_files(), 0u);
}

TEST(MetadataFileTest, DeletesWhatLeftTheLogWhenAsked) {
  io::MemoryObjectStore store;
  for (const char* location : {"a", "b", "c"}) store.Overwrite(location, "");
  TableMetadata before = Table(), after = Table();
  before.metadata_log = {{1, "a"}, {2, "b"}};
  after.metadata_log = {{2, "b"}, {3, "c"}};
  DeleteOldMetadataFiles(store, before, after);
  EXPECT_EQ(store.live_files(), 3u);
  after.properties["write.metadata.delete-after-commit.enabled"] = "True";
  DeleteOldMetadataFiles(store, before, after);
  EXPECT_THAT(store.locations(), ElementsAre("b", "c"));
}

TEST(TableIdentifierTest, Prints) { EXPECT_EQ((TableIdentifier{{"a", "b"}, "t"}.ToString()), "a.b.t"); }

}  // namespace
}  // namespace k2i::iceberg
