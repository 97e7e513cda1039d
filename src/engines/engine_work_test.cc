// SPDX-License-Identifier: Apache-2.0
#include "engines/engine_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/expiry_cutoff.h"
#include "io/memory_object_store_testing.h"

namespace k2i::engines {
namespace {

using iceberg::Snapshot;
using iceberg::TableMetadata;
using ::testing::ElementsAre;

using Summary = std::map<std::string, std::string>;

Snapshot SnapshotOf(int64_t id, int64_t at, Summary summary = {}) {
  Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.timestamp_ms = at;
  snapshot.summary = std::move(summary);
  return snapshot;
}

Summary Replaced(const std::string& engine, const std::string& key, const std::string& job) {
  Summary summary = {{"operation", "replace"},  {"engine-name", engine},       {"deleted-data-files", "6"},
                     {"added-data-files", "1"}, {"removed-files-size", "600"}, {"added-files-size", "200"},
                     {"deleted-records", "60"}, {"added-records", "55"},       {"removed-delete-files", "2"}};
  if (!key.empty()) summary[key] = job;
  return summary;
}

TEST(EngineWork, CountsTheSnapshotsOfTheJobAndNoOthers) {
  TableMetadata before, after;
  before.snapshots = {SnapshotOf(1, 1), SnapshotOf(2, 2, Replaced("spark", "app-id", "a"))};
  after.snapshots = {SnapshotOf(2, 2, Replaced("spark", "app-id", "a")),
                     SnapshotOf(3, 3, {{"operation", "append"}, {"engine-name", "spark"}, {"app-id", "a"}}),
                     SnapshotOf(4, 4, Replaced("spark", "app-id", "a")),
                     SnapshotOf(5, 5, Replaced("spark", "app-id", "another")),
                     SnapshotOf(6, 6, Replaced("trino", "trino_query_id", "a")),
                     SnapshotOf(7, 7, {{"operation", "replace"}}),  // K2I's own
                     SnapshotOf(8, 8, Replaced("spark", "", ""))};
  const auto work = WorkBetween(before, after, {"spark", "app-id", "a"});
  EXPECT_THAT(work.snapshots, ElementsAre(4, 8));
  EXPECT_EQ(work.files_removed, 12);
  EXPECT_EQ(work.files_added, 2);
  EXPECT_EQ(work.bytes_removed, 1200);
  EXPECT_EQ(work.bytes_added, 400);
  EXPECT_EQ(work.rows_removed, 120);
  EXPECT_EQ(work.rows_added, 110);
  EXPECT_EQ(work.delete_files_removed, 4);
  EXPECT_THAT(WorkBetween(before, after, {"spark", "app-id", ""}).snapshots, ElementsAre(4, 5, 8));
  EXPECT_THAT(SnapshotsGone(before, after), ElementsAre(1));
  before.refs = {{"main", {}}, {"audit", {}}};
  after.refs = {{"main", {}}};
  EXPECT_THAT(RefsGone(before, after), ElementsAre("audit"));
}

TEST(EngineWork, ComparesManifestLists) {
  io::MemoryObjectStore store;
  const auto manifest = [](const std::string& path, int64_t length, int32_t files) {
    iceberg::ManifestFile file;
    file.manifest_path = path;
    file.manifest_length = length;
    file.added_files_count = 0;
    file.existing_files_count = files;
    file.sequence_number = file.min_sequence_number = 1;
    file.added_snapshot_id = 1;
    return file;
  };
  TableMetadata table;
  table.snapshots = {SnapshotOf(1, 1), SnapshotOf(2, 2)};
  table.snapshots.Edit(0).manifest_list = "s3://b/1.avro";
  table.snapshots.Edit(1).manifest_list = "s3://b/2.avro";
  table.snapshots.Edit(1).parent_snapshot_id = 1;
  for (size_t i = 0; i < 2; ++i) table.snapshots.Edit(i).sequence_number = 1;
  store.Overwrite("s3://b/1.avro",
                  *iceberg::EncodeManifestList(
                      2, table.snapshots[0],
                      {manifest("s3://b/a", 10, 1), manifest("s3://b/b", 20, 1), manifest("s3://b/c", 30, 1)}));
  store.Overwrite(
      "s3://b/2.avro",
      *iceberg::EncodeManifestList(2, table.snapshots[1], {manifest("s3://b/d", 25, 2), manifest("s3://b/c", 30, 1)}));
  const auto work = ManifestsOf(store, table, 2);
  ASSERT_TRUE(work.has_value()) << work.error().message;
  EXPECT_EQ(work->replaced, 2);
  EXPECT_EQ(work->created, 1);
  EXPECT_EQ(work->kept, 1);
  EXPECT_EQ(work->bytes_read, 30);
  EXPECT_EQ(work->bytes_written, 25);
  EXPECT_EQ(work->entries, 2);
  EXPECT_EQ(ManifestsOf(store, table, 1).error().code, ErrorCode::kNotFound);
}

TEST(EngineCutoff, NeverPassesWhatIsKeptAndNoRefHolds) {
  TableMetadata table;
  for (int64_t id = 1; id <= 6; ++id) table.snapshots.push_back(SnapshotOf(id, id * 100));
  table.refs = {{"main", {.snapshot_id = 6}}, {"audit", {.snapshot_id = 2}}};
  EXPECT_EQ(EngineCutoff(table, {}), std::nullopt);
  EXPECT_EQ(EngineCutoff(table, {1, 3, 4, 5}), 501);        // all but what refs hold
  EXPECT_EQ(EngineCutoff(table, {1, 3}), 301);              // 4 and 5 are young
  EXPECT_EQ(EngineCutoff(table, {1, 4, 5}), 300);           // 3 is leased
  EXPECT_EQ(EngineCutoff(table, {3, 4, 5}), std::nullopt);  // 1 is: nothing may go
}

}  // namespace
}  // namespace k2i::engines
