// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metadata_reader.h"

#include <gtest/gtest.h>

#include "iceberg/update/table_update.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

TableMetadata Table() {
  CreateTableRequest request;
  request.schema.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}});
  return *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
}

TEST(MetadataReader, GivesAgainWhatIsHeldAndHoldsNothingItself) {
  io::MemoryObjectStore store;
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/1.metadata.json", Table()).has_value());
  MetadataReader reader(store);
  auto first = *reader.Read("s3://b/1.metadata.json");
  store.Overwrite("s3://b/1.metadata.json", "gone");  // as no catalog does: shows who reads
  EXPECT_EQ(*reader.Read("s3://b/1.metadata.json"), first);
  first.reset();
  EXPECT_EQ(reader.Read("s3://b/1.metadata.json").error().code, ErrorCode::kCorruption);
}

TEST(MetadataReader, RemembersWhatWasWritten) {
  io::MemoryObjectStore store;
  MetadataReader reader(store);
  const auto written = std::make_shared<const TableMetadata>(Table());
  reader.Remember("s3://b/2.metadata.json", written);
  EXPECT_EQ(*reader.Read("s3://b/2.metadata.json"), written);
  EXPECT_EQ(reader.Read("s3://b/3.metadata.json").error().code, ErrorCode::kCorruption);  // not there
}

TEST(MetadataReader, SharesTheSnapshotsOfOtherFilesOfTheTable) {
  io::MemoryObjectStore store;
  MetadataReader reader(store);
  TableMetadata table = Table();
  table.snapshots = {{.snapshot_id = 1, .manifest_list = "l"}};
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/t/00001-x.metadata.json", table).has_value());
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/z/00001-x.metadata.json", table).has_value());
  table.snapshots.push_back({.snapshot_id = 2, .manifest_list = "m"});
  ASSERT_TRUE(WriteMetadataFile(store, "s3://b/t/00002-y.gz.metadata.json", table).has_value());
  const auto first = *reader.Read("s3://b/t/00001-x.metadata.json");
  const auto second = *reader.Read("s3://b/t/00002-y.gz.metadata.json");
  ASSERT_EQ(second->snapshots.size(), 2U);
  EXPECT_EQ(&second->snapshots[0], &first->snapshots[0]);
  EXPECT_NE(&(*reader.Read("s3://b/z/00001-x.metadata.json"))->snapshots[0], &first->snapshots[0]);
}

}  // namespace
}  // namespace k2i::iceberg
