// SPDX-License-Identifier: Apache-2.0
#include "iceberg/scan/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/update/append.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ScanTest : public testing::TestWithParam<int32_t> {
 protected:
  ScanTest() {
    CreateTableRequest request;
    request.schema.type =
        Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}, {2, "day", Type::Primitive(TypeId::kDate)}});
    request.spec.fields = {{2, 1000, "day", {}}};
    request.format_version = GetParam();
    table_ = *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
  }

  static DataFile File(std::string path, int64_t records = 10) {
    DataFile file;
    file.file_path = std::move(path);
    file.partition = {int32_t{7}};
    file.record_count = records;
    file.file_size_in_bytes = 100;
    return file;
  }

  void Commit(const Snapshot& snapshot) {
    const std::vector<TableUpdate> updates = {update::AddSnapshot{snapshot},
                                              update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}};
    table_ = *ApplyUpdates(table_, "", updates, snapshot.timestamp_ms);
  }

  void Append(int64_t snapshot_id, std::vector<DataFile> files) {
    iceberg::Append append(store_, {.snapshot_id = snapshot_id,
                                    .commit_uuid = "u" + std::to_string(snapshot_id),
                                    .files = std::move(files),
                                    .summary = {}});
    Commit(*append.Prepare(table_, 5'000));
  }

  /// What another engine commits: manifests of these entries in place of all that were there.
  void Rewrite(int64_t snapshot_id, const std::vector<std::vector<ManifestEntry>>& manifests) {
    Snapshot snapshot = *table_.FindRef("main");
    snapshot.parent_snapshot_id = snapshot.snapshot_id;
    snapshot.snapshot_id = snapshot_id;
    snapshot.sequence_number = table_.last_sequence_number + 1;
    snapshot.manifest_list = "s3://b/t/list-" + std::to_string(snapshot_id);
    std::vector<ManifestFile> list;
    for (const auto& entries : manifests) {
      auto encoded =
          EncodeManifest(GetParam(), table_.current_schema(), table_.default_spec(), snapshot_id, entries).value();
      encoded.summary.manifest_path = snapshot.manifest_list + "-" + std::to_string(list.size());
      store_.Overwrite(encoded.summary.manifest_path, encoded.bytes);
      list.push_back(encoded.summary);
    }
    if (GetParam() >= 3) {
      snapshot.first_row_id = table_.next_row_id;
      snapshot.added_rows = *AssignFirstRowIds(table_.next_row_id, list) - table_.next_row_id;
    }
    store_.Overwrite(snapshot.manifest_list, EncodeManifestList(GetParam(), snapshot, list).value());
    Commit(snapshot);
  }

  static std::vector<std::string> Paths(const std::vector<ManifestEntry>& entries) {
    std::vector<std::string> paths;
    for (const auto& entry : entries) paths.push_back(entry.data_file.file_path);
    return paths;
  }

  const Snapshot& Head() const { return *table_.FindRef("main"); }

  io::MemoryObjectStore store_;
  TableMetadata table_;
};
INSTANTIATE_TEST_SUITE_P(Versions, ScanTest, testing::Values(2, 3));

TEST_P(ScanTest, PlansTheFilesOfEverySnapshotWithWhatTheyInherit) {
  Append(1, {File("a"), File("b")});
  Append(2, {File("c", 3)});
  const auto files = PlanFiles(store_, table_, Head()).value();
  EXPECT_THAT(Paths(files.data), ElementsAre("c", "a", "b"));
  EXPECT_THAT(files.deletes, IsEmpty());
  EXPECT_EQ(files.data[0].snapshot_id, 2);
  EXPECT_EQ(files.data[0].sequence_number, 2);
  EXPECT_EQ(files.data[0].data_file.record_count, 3);
  EXPECT_EQ(files.data[1].snapshot_id, 1);
  EXPECT_EQ(files.data[1].sequence_number, 1);
  EXPECT_EQ(files.data[1].data_file.partition, (PartitionTuple{int32_t{7}}));
  EXPECT_THAT(Paths(PlanFiles(store_, table_, *table_.FindSnapshot(1)).value().data), ElementsAre("a", "b"));
}

TEST_P(ScanTest, ListsWhatOneSnapshotChanged) {
  Append(1, {File("a"), File("b")});
  Append(2, {File("c")});
  Append(3, {});
  EXPECT_THAT(Paths(ListChanges(store_, table_, *table_.FindSnapshot(2)).value().added_data), ElementsAre("c"));
  const auto none = ListChanges(store_, table_, Head()).value();
  EXPECT_THAT(none.added_data, IsEmpty());
  EXPECT_THAT(none.removed_data, IsEmpty());
}

TEST_P(ScanTest, LeavesOutWhatIsDeletedAndTellsDeleteFilesApart) {
  using Status = ManifestEntry::Status;
  Append(1, {File("a"), File("b")});
  DataFile deletes = File("d", 1);
  deletes.content = DataFile::Content::kPositionDeletes;
  Rewrite(2, {{{Status::kDeleted, 2, 1, 1, File("a")},
               {Status::kExisting, 1, 1, 1, File("b")},
               {Status::kAdded, 2, {}, {}, File("e")}},
              {{Status::kAdded, 2, {}, {}, deletes}}});
  const auto files = PlanFiles(store_, table_, Head()).value();
  EXPECT_THAT(Paths(files.data), ElementsAre("b", "e"));
  EXPECT_THAT(Paths(files.deletes), ElementsAre("d"));
  EXPECT_EQ(files.data[0].snapshot_id, 1);
  const auto changes = ListChanges(store_, table_, Head()).value();
  EXPECT_THAT(Paths(changes.added_data), ElementsAre("e"));
  EXPECT_THAT(Paths(changes.removed_data), ElementsAre("a"));
  EXPECT_THAT(Paths(changes.added_deletes), ElementsAre("d"));
}

TEST_P(ScanTest, ShowsAFileTwiceWhereTwoManifestsReferToIt) {
  Append(1, {File("a")});
  Append(2, {File("a")});
  EXPECT_THAT(Paths(PlanFiles(store_, table_, Head()).value().data), ElementsAre("a", "a"));
}

TEST_P(ScanTest, NamesTheFileThatCannotBeRead) {
  Append(1, {File("a")});
  const std::string list = Head().manifest_list;
  const std::string manifest = ListManifests(store_, Head()).value()[0].manifest_path;
  const std::string bytes = store_.Read(manifest).value();
  store_.Overwrite(manifest, bytes.substr(0, bytes.size() / 2));
  const auto torn = PlanFiles(store_, table_, Head());
  ASSERT_FALSE(torn.has_value());
  EXPECT_EQ(torn.error().code, ErrorCode::kCorruption);
  EXPECT_EQ(torn.error().component, Component::kStorage);
  EXPECT_THAT(torn.error().message, HasSubstr(manifest));
  ASSERT_TRUE(store_.Delete(list).has_value());
  EXPECT_EQ(PlanFiles(store_, table_, Head()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace k2i::iceberg
