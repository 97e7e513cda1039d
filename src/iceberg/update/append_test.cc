// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/append.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using Summary = std::map<std::string, std::string>;

TableMetadata NewTable(int32_t format_version = 2) {
  CreateTableRequest request;
  request.schema.type =
      Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}, {2, "day", Type::Primitive(TypeId::kDate)}});
  request.spec.fields = {{2, 1000, "day", {}}};
  request.format_version = format_version;
  return *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
}

DataFile File(std::string path, int32_t day, int64_t records = 10) {
  DataFile file;
  file.file_path = std::move(path);
  file.partition = {day};
  file.record_count = records;
  file.file_size_in_bytes = 100;
  return file;
}

AppendRequest Request(int64_t snapshot_id, std::string uuid, std::vector<DataFile> files) {
  return {.snapshot_id = snapshot_id,
          .commit_uuid = std::move(uuid),
          .files = std::move(files),
          .summary = {{"k2i.v", "1"}}};
}

TableMetadata Commit(const TableMetadata& base, const Snapshot& snapshot, const std::string& branch = "main") {
  const std::vector<TableUpdate> updates = {update::AddSnapshot{snapshot},
                                            update::SetSnapshotRef{branch, {.snapshot_id = snapshot.snapshot_id}}};
  const auto committed = ApplyUpdates(base, "", updates, snapshot.timestamp_ms);
  EXPECT_TRUE(committed.has_value()) << committed.error().ToString();
  return *committed;
}

class AppendTest : public testing::Test {
 protected:
  TableMetadata AppendTo(const TableMetadata& base, int64_t snapshot_id, std::vector<DataFile> files) {
    Append append(store_, Request(snapshot_id, "u" + std::to_string(snapshot_id), std::move(files)));
    const auto snapshot = append.Prepare(base, 5'000);
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error().ToString();
    return Commit(base, *snapshot);
  }

  std::vector<ManifestFile> ManifestsOf(const Snapshot& snapshot) {
    return *DecodeManifestList(*store_.Read(snapshot.manifest_list));
  }

  static ErrorCode CodeOf(const Result<Snapshot>& result) {
    return result.has_value() ? ErrorCode::kInternal : result.error().code;
  }

  io::MemoryObjectStore store_;
};

TEST_F(AppendTest, WritesAManifestAndAList) {
  const TableMetadata base = NewTable();
  Append append(store_, Request(7, "uuid", {File("a", 1), File("b", 1, 5), File("c", 2)}));
  const auto snapshot = append.Prepare(base, 5'000);
  ASSERT_TRUE(snapshot.has_value()) << snapshot.error().ToString();
  EXPECT_EQ(snapshot->snapshot_id, 7);
  EXPECT_EQ(snapshot->parent_snapshot_id, std::nullopt);
  EXPECT_EQ(snapshot->sequence_number, 1);
  EXPECT_EQ(snapshot->timestamp_ms, 5'000);
  EXPECT_EQ(snapshot->schema_id, 0);
  EXPECT_EQ(snapshot->first_row_id, std::nullopt);
  EXPECT_EQ(snapshot->manifest_list, "s3://b/t/metadata/snap-7-1-uuid.avro");
  EXPECT_THAT(append.written(), ElementsAre("s3://b/t/metadata/uuid-m0.avro", "s3://b/t/metadata/snap-7-1-uuid.avro"));
  EXPECT_EQ(snapshot->summary, (Summary{{"operation", "append"},
                                        {"k2i.v", "1"},
                                        {"added-data-files", "3"},
                                        {"added-records", "25"},
                                        {"added-files-size", "300"},
                                        {"changed-partition-count", "2"},
                                        {"total-data-files", "3"},
                                        {"total-records", "25"},
                                        {"total-files-size", "300"},
                                        {"total-delete-files", "0"},
                                        {"total-position-deletes", "0"},
                                        {"total-equality-deletes", "0"}}));
  const auto manifests = ManifestsOf(*snapshot);
  ASSERT_EQ(manifests.size(), 1u);
  EXPECT_EQ(manifests[0].sequence_number, 1);
  EXPECT_EQ(manifests[0].min_sequence_number, 1);
  EXPECT_EQ(manifests[0].added_snapshot_id, 7);
  const auto entries = DecodeManifest(*store_.Read(manifests[0].manifest_path), manifests[0], base.default_spec(),
                                      base.current_schema());
  ASSERT_TRUE(entries.has_value());
  EXPECT_EQ(entries->at(2).data_file.file_path, "c");
  EXPECT_EQ(entries->at(2).sequence_number, 1);
}

TEST_F(AppendTest, KeepsTheManifestsAndTotalsOfItsParent) {
  TableMetadata base = AppendTo(NewTable(), 7, {File("a", 1)});
  base.snapshots.Edit(0).summary["total-records"] = "nonsense";
  base.snapshots.Edit(0).summary.erase("total-files-size");
  base.snapshots.Edit(0).summary["total-position-deletes"] = "4";
  const TableMetadata next = AppendTo(base, 8, {File("b", 1)});
  const Snapshot& snapshot = *next.FindSnapshot(8);
  EXPECT_EQ(snapshot.parent_snapshot_id, 7);
  EXPECT_EQ(snapshot.sequence_number, 2);
  EXPECT_EQ(snapshot.summary.at("total-data-files"), "2");
  EXPECT_EQ(snapshot.summary.at("total-position-deletes"), "4");
  EXPECT_FALSE(snapshot.summary.contains("total-records"));
  EXPECT_FALSE(snapshot.summary.contains("total-files-size"));
  const auto manifests = ManifestsOf(snapshot);
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(manifests[0].sequence_number, 2);
  EXPECT_EQ(manifests[1].sequence_number, 1);
  EXPECT_EQ(manifests[1].added_snapshot_id, 7);
}

TEST_F(AppendTest, ARetryWritesANewListAndNoManifest) {
  const TableMetadata base = NewTable();
  Append append(store_, Request(9, "uuid", {File("a", 1)}));
  ASSERT_TRUE(append.Prepare(base, 5'000).has_value());
  const TableMetadata moved = AppendTo(base, 8, {File("b", 1)});
  const auto snapshot = append.Prepare(moved, 4'000);
  ASSERT_TRUE(snapshot.has_value()) << snapshot.error().ToString();
  EXPECT_EQ(snapshot->snapshot_id, 9);
  EXPECT_EQ(snapshot->parent_snapshot_id, 8);
  EXPECT_EQ(snapshot->sequence_number, 2);
  EXPECT_EQ(snapshot->timestamp_ms, 5'000);  // never before the base's last update
  EXPECT_EQ(snapshot->summary.at("changed-partition-count"), "1");
  EXPECT_THAT(append.written(), ElementsAre("s3://b/t/metadata/uuid-m0.avro", "s3://b/t/metadata/snap-9-1-uuid.avro",
                                            "s3://b/t/metadata/snap-9-2-uuid.avro"));
  const auto manifests = ManifestsOf(*snapshot);
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(manifests[0].sequence_number, 2);
}

TEST_F(AppendTest, AssignsRowIdsInVersion3) {
  // The parent was written before the table was upgraded, so its manifest has no row ids yet.
  TableMetadata base = AppendTo(NewTable(2), 7, {File("a", 1, 40)});
  base.format_version = 3;
  base.next_row_id = 0;
  TableMetadata next = AppendTo(base, 8, {File("b", 1, 10)});
  const Snapshot& upgraded = *next.FindSnapshot(8);
  EXPECT_EQ(upgraded.first_row_id, 0);
  EXPECT_EQ(upgraded.added_rows, 50);
  auto manifests = ManifestsOf(upgraded);
  EXPECT_EQ(manifests[0].first_row_id, 0);
  EXPECT_EQ(manifests[1].first_row_id, 10);
  EXPECT_EQ(next.next_row_id, 50);
  next = AppendTo(next, 9, {File("c", 1, 3)});
  EXPECT_EQ(next.FindSnapshot(9)->first_row_id, 50);
  EXPECT_EQ(next.FindSnapshot(9)->added_rows, 3);
  manifests = ManifestsOf(*next.FindSnapshot(9));
  EXPECT_EQ(manifests[0].first_row_id, 50);
  EXPECT_EQ(manifests[1].first_row_id, 0);
  EXPECT_EQ(manifests[2].first_row_id, 10);
}

TEST_F(AppendTest, ANewBranchStartsFromTheCurrentSnapshot) {
  const TableMetadata base = AppendTo(NewTable(), 7, {File("a", 1)});
  AppendRequest request = Request(8, "uuid", {File("b", 1)});
  request.branch = "audit";
  const auto snapshot = Append(store_, request).Prepare(base, 6'000);
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->parent_snapshot_id, 7);
  EXPECT_EQ(snapshot->summary.at("total-data-files"), "2");
  const TableMetadata next = Commit(base, *snapshot, "audit");
  EXPECT_EQ(next.FindRef("main")->snapshot_id, 7);
  // main goes on from its own head.
  EXPECT_EQ(AppendTo(next, 9, {File("c", 1)}).FindSnapshot(9)->parent_snapshot_id, 7);
}

TEST_F(AppendTest, WithoutFilesItCarriesASummary) {
  const TableMetadata base = AppendTo(NewTable(), 7, {File("a", 1)});
  Append append(store_, Request(8, "uuid", {}));
  const auto snapshot = append.Prepare(base, 6'000);
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(append.written().size(), 1u);
  EXPECT_EQ(ManifestsOf(*snapshot).size(), 1u);
  EXPECT_EQ(snapshot->summary.at("total-records"), "10");
  EXPECT_FALSE(snapshot->summary.contains("added-records"));
}

TEST_F(AppendTest, RespectsTheMetadataPath) {
  TableMetadata base = NewTable();
  base.properties["write.metadata.path"] = "s3://other/meta/";
  Append append(store_, Request(7, "uuid", {File("a", 1)}));
  ASSERT_TRUE(append.Prepare(base, 5'000).has_value());
  EXPECT_THAT(append.written(), ElementsAre("s3://other/meta/uuid-m0.avro", "s3://other/meta/snap-7-1-uuid.avro"));
}

TEST_F(AppendTest, RefusesFilesThatTheTableCannotHold) {
  DataFile other_spec = File("a", 1);
  other_spec.spec_id = 5;
  EXPECT_EQ(CodeOf(Append(store_, Request(7, "u", {other_spec})).Prepare(NewTable(), 0)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Append(store_, Request(7, "u", {File("a", 1), other_spec})).Prepare(NewTable(), 0)),
            ErrorCode::kInvalidArgument);
  DataFile no_partition = File("a", 1);
  no_partition.partition.clear();
  EXPECT_EQ(CodeOf(Append(store_, Request(7, "u", {no_partition})).Prepare(NewTable(), 0)),
            ErrorCode::kInvalidArgument);
  TableMetadata version1 = NewTable();
  version1.format_version = 1;
  EXPECT_EQ(CodeOf(Append(store_, Request(7, "u", {File("a", 1)})).Prepare(version1, 0)), ErrorCode::kNotSupported);
  EXPECT_EQ(store_.live_files(), 0u);
}

TEST_F(AppendTest, RefusesABaseThatLostTheSpec) {
  TableMetadata base = NewTable();
  Append append(store_, Request(7, "u", {File("a", 1)}));
  ASSERT_TRUE(append.Prepare(base, 0).has_value());
  base.partition_specs[0].spec_id = 1;
  EXPECT_EQ(CodeOf(append.Prepare(base, 0)), ErrorCode::kInvalidArgument);
}

TEST_F(AppendTest, NamesWhatItMayHaveWritten) {
  Append append(store_, Request(7, "u", {File("a", 1)}));
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.phase == io::StoreCall::Phase::kAfter) return Fail(ErrorCode::kTimeout, "reply lost");
    return {};
  });
  EXPECT_EQ(CodeOf(append.Prepare(NewTable(), 0)), ErrorCode::kTimeout);
  EXPECT_THAT(append.written(), ElementsAre("s3://b/t/metadata/u-m0.avro"));
  // The same try again finds its own file and goes on.
  store_.set_fault_hook({});
  EXPECT_TRUE(append.Prepare(NewTable(), 0).has_value());
  EXPECT_EQ(append.written().size(), 2u);
}

// Found by the simulator (seed 20639): what cannot be read just now is not somebody else's.
TEST_F(AppendTest, AFileThatIsThereAndCannotBeReadIsTriedAgain) {
  Append append(store_, Request(7, "u", {File("a", 1)}));
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.phase == io::StoreCall::Phase::kAfter) return Fail(ErrorCode::kTimeout, "reply lost");
    return {};
  });
  EXPECT_EQ(CodeOf(append.Prepare(NewTable(), 0)), ErrorCode::kTimeout);
  store_.set_fault_hook([](const io::StoreCall& call) -> Status {
    if (call.op == io::StoreOp::kRead) return Fail(ErrorCode::kUnavailable, "slow down");
    return {};
  });
  EXPECT_EQ(CodeOf(append.Prepare(NewTable(), 0)), ErrorCode::kUnavailable);
  store_.set_fault_hook({});
  EXPECT_TRUE(append.Prepare(NewTable(), 0).has_value());
}

TEST_F(AppendTest, SaysWhichManifestListIsDamaged) {
  const TableMetadata base = AppendTo(NewTable(), 7, {File("a", 1)});
  store_.Overwrite(base.snapshots[0].manifest_list, "garbage");
  const auto snapshot = Append(store_, Request(8, "u", {File("b", 1)})).Prepare(base, 0);
  ASSERT_EQ(CodeOf(snapshot), ErrorCode::kCorruption);
  EXPECT_THAT(snapshot.error().message, testing::HasSubstr("snap-7-1-u7.avro"));
}

}  // namespace
}  // namespace k2i::iceberg
