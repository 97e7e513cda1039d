// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/scan/scan.h"
#include "iceberg/update/append.h"
#include "iceberg/update/rewrite_manifests.h"
#include "io/memory_object_store_testing.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Status = ManifestEntry::Status;

DataFile File(std::string path, int32_t day, int64_t records = 10, int32_t spec_id = 0) {
  DataFile file;
  file.file_path = std::move(path);
  file.spec_id = spec_id;
  file.partition = spec_id == 0 ? PartitionTuple{day} : PartitionTuple{};
  file.record_count = records;
  file.file_size_in_bytes = 100;
  return file;
}

TableMetadata NewTable(int32_t format_version = 2) {
  CreateTableRequest request;
  request.schema.type =
      Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)}, {2, "day", Type::Primitive(TypeId::kDate)}});
  request.spec.fields = {{2, 1000, "day", {}}};
  request.format_version = format_version;
  auto table = *NewTableMetadata(request, "s3://b/t", "00000000-0000-4000-8000-000000000001", 1'000);
  table.partition_specs.push_back({.spec_id = 1, .fields = {}});
  return table;
}

class RewriteTest : public testing::Test {
 protected:
  TableMetadata Commit(const TableMetadata& base, const Snapshot& snapshot) {
    const std::vector<TableUpdate> updates = {update::AddSnapshot{snapshot},
                                              update::SetSnapshotRef{"main", {.snapshot_id = snapshot.snapshot_id}}};
    return ApplyUpdates(base, "", updates, snapshot.timestamp_ms).value();
  }
  TableMetadata AppendTo(const TableMetadata& base, int64_t id, std::vector<DataFile> files) {
    Append append(
        store_, {.snapshot_id = id, .commit_uuid = "u" + std::to_string(id), .files = std::move(files), .summary = {}});
    return Commit(base, append.Prepare(base, 5'000).value());
  }
  /// A commit of others that adds delete files.
  TableMetadata AddDeletes(const TableMetadata& base, int64_t id, std::vector<DataFile> deletes) {
    RewriteRequest request{
        .snapshot_id = id, .commit_uuid = "u" + std::to_string(id), .removed = {}, .added = {}, .summary = {}};
    for (auto& file : deletes) request.added.push_back({std::move(file), std::nullopt});
    return Commit(base, *Rewrite(store_, request).Prepare(base, 5'000).value().snapshot);
  }
  /// Replaces `removed` of `base`.
  RewriteRequest Request(const TableMetadata& base, int64_t id, std::vector<DataFile> removed,
                         std::vector<DataFile> added) {
    RewriteRequest request{.snapshot_id = id,
                           .commit_uuid = "u" + std::to_string(id),
                           .planned_sequence_number = base.FindRef("main")->sequence_number,
                           .removed = std::move(removed),
                           .added = {},
                           .summary = {{"k", "v"}}};
    for (auto& file : added) request.added.push_back({std::move(file), request.planned_sequence_number});
    return request;
  }
  std::string ReasonOf(const Result<PreparedReplace>& prepared) {
    EXPECT_TRUE(prepared.has_value()) << prepared.error().ToString();
    EXPECT_FALSE(prepared->snapshot.has_value());
    return prepared->reason;
  }

  struct Line {
    std::string path;
    Status status;
    int64_t snapshot_id, sequence_number, file_sequence_number;
    friend bool operator==(const Line&, const Line&) = default;
    friend void PrintTo(const Line& line, std::ostream* out) {
      *out << line.path << " " << static_cast<int>(line.status) << " " << line.snapshot_id << " "
           << line.sequence_number << " " << line.file_sequence_number;
    }
  };
  /// The entries of each manifest of the head.
  std::vector<std::vector<Line>> Manifests(const TableMetadata& table) {
    std::vector<std::vector<Line>> all;
    const auto manifests = ListManifests(store_, *table.FindRef("main")).value();
    for (const auto& manifest : manifests) {
      auto& lines = all.emplace_back();
      const auto entries = ReadManifest(store_, table, manifest).value();
      for (const auto& entry : entries) {
        lines.push_back({entry.data_file.file_path, entry.status, *entry.snapshot_id, *entry.sequence_number,
                         *entry.file_sequence_number});
      }
    }
    return all;
  }

  io::MemoryObjectStore store_;
};

TEST_F(RewriteTest, ReplacesFilesAndKeepsTheOthersAsTheyWere) {
  TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1), File("b", 2), File("c", 1, 7)});
  table = AppendTo(table, 2, {File("d", 1)});
  table = AppendTo(table, 3, {File("e", 3)});
  const auto untouched = ListManifests(store_, *table.FindRef("main"))->at(0).manifest_path;
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1), File("d", 1)}, {File("ad", 1, 20)}));
  const auto prepared = rewrite.Prepare(table, 6'000);
  ASSERT_TRUE(prepared.has_value()) << prepared.error().ToString();
  table = Commit(table, *prepared->snapshot);
  EXPECT_THAT(
      Manifests(table),
      ElementsAre(ElementsAre(Line{"ad", Status::kAdded, 9, 3, 4}), ElementsAre(Line{"e", Status::kAdded, 3, 3, 3}),
                  ElementsAre(Line{"d", Status::kDeleted, 9, 2, 2}),
                  ElementsAre(Line{"a", Status::kDeleted, 9, 1, 1}, Line{"b", Status::kExisting, 1, 1, 1},
                              Line{"c", Status::kExisting, 1, 1, 1})));
  const auto manifests = *ListManifests(store_, *table.FindRef("main"));
  EXPECT_EQ(manifests[0].sequence_number, 4);
  EXPECT_EQ(manifests[0].min_sequence_number, 3);
  EXPECT_EQ(manifests[1].manifest_path, untouched);
  EXPECT_EQ(manifests[3].min_sequence_number, 1);
  EXPECT_EQ(prepared->snapshot->summary, (std::map<std::string, std::string>{{"operation", "replace"},
                                                                             {"k", "v"},
                                                                             {"changed-partition-count", "1"},
                                                                             {"added-data-files", "1"},
                                                                             {"deleted-data-files", "2"},
                                                                             {"added-records", "20"},
                                                                             {"deleted-records", "20"},
                                                                             {"added-files-size", "100"},
                                                                             {"removed-files-size", "200"},
                                                                             {"total-data-files", "4"},
                                                                             {"total-records", "47"},
                                                                             {"total-files-size", "400"},
                                                                             {"total-delete-files", "0"},
                                                                             {"total-position-deletes", "0"},
                                                                             {"total-equality-deletes", "0"}}));
  // The next one drops the manifest that holds nothing but a deleted file.
  Rewrite next(store_, Request(table, 10, {File("b", 2)}, {File("b2", 2)}));
  table = Commit(table, *next.Prepare(table, 6'000)->snapshot);
  EXPECT_THAT(
      Manifests(table),
      ElementsAre(ElementsAre(Line{"b2", Status::kAdded, 10, 4, 5}), ElementsAre(Line{"ad", Status::kAdded, 9, 3, 4}),
                  ElementsAre(Line{"e", Status::kAdded, 3, 3, 3}),
                  ElementsAre(Line{"b", Status::kDeleted, 10, 1, 1}, Line{"c", Status::kExisting, 1, 1, 1})));
}

TEST_F(RewriteTest, FilesOfOldSpecsComeIntoOneManifestOfEachSpec) {
  TableMetadata table = AppendTo(NewTable(), 1, {File("a", 0, 10, 1), File("b", 0, 10, 1)});
  Rewrite rewrite(store_, Request(table, 9, {File("a", 0, 10, 1), File("b", 0, 10, 1)},
                                  {File("x", 1), File("y", 2), File("z", 0, 5, 1)}));
  table = Commit(table, *rewrite.Prepare(table, 6'000)->snapshot);
  const auto lines = Manifests(table);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].size(), 2u);
  EXPECT_THAT(lines[1], ElementsAre(Line{"z", Status::kAdded, 9, 1, 2}));
}

TEST_F(RewriteTest, ANewerBaseIsRebasedOnAndNothingIsWrittenTwice) {
  const TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1), File("b", 1)});
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1), File("b", 1)}, {File("ab", 1, 20)}));
  ASSERT_TRUE(rewrite.Prepare(table, 6'000)->snapshot.has_value());
  EXPECT_EQ(rewrite.written().size(), 3u);
  const TableMetadata moved = AppendTo(table, 2, {File("c", 1)});
  const auto prepared = rewrite.Prepare(moved, 6'000);
  EXPECT_EQ(rewrite.written().size(), 4u);  // a list more
  const TableMetadata after = Commit(moved, *prepared->snapshot);
  EXPECT_EQ(prepared->snapshot->parent_snapshot_id, 2);
  EXPECT_EQ(prepared->snapshot->summary.at("total-records"), "30");
  // The sequence number of the snapshot it was planned on, not of the one it came after.
  EXPECT_THAT(Manifests(after).at(0), ElementsAre(Line{"ab", Status::kAdded, 9, 1, 3}));
}

TEST_F(RewriteTest, AFileThatIsGoneMakesThePlanStale) {
  const TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1), File("b", 1)});
  Rewrite others(store_, Request(table, 8, {File("b", 1)}, {File("b2", 1)}));
  const TableMetadata moved = Commit(table, *others.Prepare(table, 6'000)->snapshot);
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1), File("b", 1)}, {File("ab", 1, 20)}));
  ASSERT_TRUE(rewrite.Prepare(table, 6'000)->snapshot.has_value());
  EXPECT_EQ(ReasonOf(rewrite.Prepare(moved, 6'000)), "b is not in the table any more");
  TableMetadata empty = NewTable();
  EXPECT_EQ(ReasonOf(rewrite.Prepare(empty, 6'000)), "the branch has no snapshot");
}

DataFile Deletes(std::string path, DataFile::Content content, int32_t day, int32_t spec_id = 0) {
  DataFile file = File(std::move(path), day, 1, spec_id);
  file.content = content;
  if (content == DataFile::Content::kEqualityDeletes) file.equality_ids = {1};
  return file;
}

TEST_F(RewriteTest, DeletesThatCameMeanwhile) {
  using enum DataFile::Content;
  const TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1), File("b", 1)});
  const auto request = Request(table, 9, {File("a", 1), File("b", 1)}, {File("ab", 1, 20)});
  int64_t id = 100;  // files of each try have names of their own
  const auto reason = [&](DataFile deletes, RewriteRequest wanted) {
    const TableMetadata moved = AddDeletes(table, ++id, {std::move(deletes)});
    wanted.commit_uuid = "try" + std::to_string(id);
    const auto prepared = Rewrite(store_, wanted).Prepare(moved, 6'000);
    EXPECT_TRUE(prepared.has_value()) << prepared.error().ToString();
    return prepared->reason;
  };
  EXPECT_THAT(reason(Deletes("p", kPositionDeletes, 1), request),
              HasSubstr("which is to be replaced, were deleted meanwhile"));
  EXPECT_EQ(reason(Deletes("p", kPositionDeletes, 2), request), "");
  DataFile of_b = Deletes("p", kPositionDeletes, 1), of_other = of_b;
  of_b.referenced_data_file = "b";
  of_other.referenced_data_file = "c";
  EXPECT_NE(reason(of_b, request), "");
  EXPECT_EQ(reason(of_other, request), "");
  // Equality deletes find the rows where they are now, for they are older by their sequence number …
  EXPECT_EQ(reason(Deletes("e", kEqualityDeletes, 1), request), "");
  // … unless the rows have become young, or have gone where the deletes do not look.
  auto young = request;
  young.added[0].sequence_number.reset();
  EXPECT_NE(reason(Deletes("e", kEqualityDeletes, 1), young), "");
  auto elsewhere = request;
  elsewhere.added[0].file = File("ab", 0, 20, 1);
  EXPECT_NE(reason(Deletes("e", kEqualityDeletes, 1), elsewhere), "");
  EXPECT_EQ(reason(Deletes("e", kEqualityDeletes, 0, 1), elsewhere), "");
}

TEST_F(RewriteTest, RefusesWhatItCannotDo) {
  const TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1)});
  TableMetadata twice = AppendTo(table, 2, {File("a", 1)});
  const auto code = [&](const TableMetadata& base, const RewriteRequest& request) {
    const auto prepared = Rewrite(store_, request).Prepare(base, 0);
    return prepared ? ErrorCode::kInternal : prepared.error().code;
  };
  EXPECT_EQ(code(twice, Request(table, 9, {File("a", 1)}, {File("a2", 1)})), ErrorCode::kInvalidArgument);
  auto unknown_spec = Request(table, 10, {File("a", 1)}, {File("a2", 1)});
  unknown_spec.added[0].file.spec_id = 7;
  EXPECT_EQ(code(table, unknown_spec), ErrorCode::kInvalidArgument);
}

TEST_F(RewriteTest, FilesOfVersion3KeepAndGetRowIds) {
  TableMetadata table = AppendTo(NewTable(3), 1, {File("a", 1, 40), File("b", 1, 2)});
  table = AppendTo(table, 2, {File("c", 1, 3)});
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1, 40), File("c", 1, 3)}, {File("ac", 1, 43)}));
  table = Commit(table, *rewrite.Prepare(table, 0)->snapshot);
  std::map<std::string, int64_t> first_row_ids;
  const auto files = PlanFiles(store_, table, *table.FindRef("main")).value();
  for (const auto& entry : files.data) {
    first_row_ids[entry.data_file.file_path] = entry.data_file.first_row_id.value_or(-1);
  }
  EXPECT_EQ(first_row_ids, (std::map<std::string, int64_t>{{"ac", 45}, {"b", 40}}));
  // The manifest that names b has been written anew, and takes ids for its rows, which b does not use.
  EXPECT_EQ(table.next_row_id, 45 + 43 + 2);
}

TEST_F(RewriteTest, DeletionVectorsOfOneFileAreToldApart) {
  TableMetadata table = AppendTo(NewTable(3), 1, {File("a", 1), File("b", 1)});
  const auto vector = [](const std::string& data_file, int64_t offset) {
    DataFile file = File("s3://b/v.puffin", 1, 1);
    file.content = DataFile::Content::kPositionDeletes;
    file.file_format = "PUFFIN";
    file.referenced_data_file = data_file;
    file.content_offset = offset;
    file.content_size_in_bytes = 40;
    return file;
  };
  table = AddDeletes(table, 2, {vector("a", 4), vector("b", 44)});
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1), vector("a", 4)}, {File("a2", 1, 9)}));
  const auto prepared = rewrite.Prepare(table, 0);
  ASSERT_TRUE(prepared.has_value() && prepared->snapshot) << prepared.error().ToString();
  EXPECT_EQ(prepared->snapshot->summary.at("removed-dvs"), "1");
  table = Commit(table, *prepared->snapshot);
  const auto deletes = PlanFiles(store_, table, *table.FindRef("main"))->deletes;
  ASSERT_EQ(deletes.size(), 1u);
  EXPECT_EQ(deletes[0].data_file.referenced_data_file, "b");
}

TEST_F(RewriteTest, DeleteFilesAreReplacedAndCountedToo) {
  using enum DataFile::Content;
  TableMetadata table = AppendTo(NewTable(), 1, {File("a", 1)});
  table = AddDeletes(table, 2, {Deletes("p", kPositionDeletes, 1), Deletes("e", kEqualityDeletes, 1)});
  EXPECT_EQ(table.FindRef("main")->summary.at("total-delete-files"), "2");
  EXPECT_EQ(table.FindRef("main")->summary.at("added-position-delete-files"), "1");
  Rewrite rewrite(store_, Request(table, 9, {File("a", 1), Deletes("p", kPositionDeletes, 1)}, {File("a2", 1, 9)}));
  const auto prepared = rewrite.Prepare(table, 0);
  ASSERT_TRUE(prepared.has_value() && prepared->snapshot) << prepared.error().ToString();
  const auto& summary = prepared->snapshot->summary;
  EXPECT_EQ(summary.at("removed-delete-files"), "1");
  EXPECT_EQ(summary.at("removed-position-delete-files"), "1");
  EXPECT_EQ(summary.at("removed-position-deletes"), "1");
  EXPECT_EQ(summary.at("total-delete-files"), "1");
  EXPECT_EQ(summary.at("total-position-deletes"), "0");
  EXPECT_EQ(summary.at("total-equality-deletes"), "1");
  EXPECT_EQ(summary.at("total-records"), "9");
  table = Commit(table, *prepared->snapshot);
  const auto files = PlanFiles(store_, table, *table.FindRef("main")).value();
  EXPECT_EQ(files.data.size(), 1u);
  ASSERT_EQ(files.deletes.size(), 1u);
  EXPECT_EQ(files.deletes[0].data_file.file_path, "e");
}

class RewriteManifestsTest : public RewriteTest {
 protected:
  RewriteManifests Make(int64_t id, int64_t target_bytes = 8 << 20) {
    return {store_,
            {.snapshot_id = id, .commit_uuid = "m" + std::to_string(id), .target_bytes = target_bytes, .summary = {}}};
  }
};

TEST_F(RewriteManifestsTest, MergesManifestsByPartitionAndChangesNoFile) {
  TableMetadata table = AppendTo(NewTable(), 1, {File("a", 2), File("b", 1)});
  table = AppendTo(table, 2, {File("c", 1)});
  table = AppendTo(table, 3, {File("old", 0, 10, 1)});
  Rewrite rewrite(store_, Request(table, 4, {File("b", 1)}, {File("b2", 1)}));
  table = Commit(table, *rewrite.Prepare(table, 0)->snapshot);
  auto merge = Make(9);
  const auto prepared = merge.Prepare(table, 6'000);
  ASSERT_TRUE(prepared.has_value() && prepared->snapshot) << prepared.error().ToString();
  const auto& summary = prepared->snapshot->summary;
  EXPECT_EQ(summary.at("operation"), "replace");
  EXPECT_EQ(summary.at("manifests-replaced"), "3");
  EXPECT_EQ(summary.at("manifests-created"), "1");
  EXPECT_EQ(summary.at("manifests-kept"), "1");
  EXPECT_EQ(summary.at("entries-processed"), "3");
  EXPECT_EQ(summary.at("total-records"), "40");
  EXPECT_FALSE(summary.contains("added-data-files"));
  table = Commit(table, *prepared->snapshot);
  EXPECT_THAT(Manifests(table),
              ElementsAre(ElementsAre(Line{"b2", Status::kExisting, 4, 3, 4}, Line{"c", Status::kExisting, 2, 2, 2},
                                      Line{"a", Status::kExisting, 1, 1, 1}),
                          ElementsAre(Line{"old", Status::kAdded, 3, 3, 3})));
  const auto changes = ListChanges(store_, table, *table.FindRef("main")).value();
  EXPECT_THAT(changes.added_data, IsEmpty());
  EXPECT_THAT(changes.removed_data, IsEmpty());
  // Nothing is left to do.
  EXPECT_EQ(ReasonOf(Make(10).Prepare(table, 0)), "no manifests are worth merging");
  EXPECT_EQ(CountManifestMerges(store_, table, "main", 8 << 20)->replaced, 0);
}

TEST_F(RewriteManifestsTest, OnANewerBaseItKeepsWhatItHasMerged) {
  TableMetadata table = NewTable();
  for (int64_t id = 1; id <= 4; ++id) table = AppendTo(table, id, {File("f" + std::to_string(id), 1)});
  EXPECT_EQ(CountManifestMerges(store_, table, "main", 8 << 20)->replaced, 4);
  auto merge = Make(9);
  ASSERT_TRUE(merge.Prepare(table, 0)->snapshot.has_value());
  table.properties["foreign"] = "1";
  ASSERT_TRUE(merge.Prepare(table, 0)->snapshot.has_value());
  EXPECT_EQ(merge.written().size(), 3u);  // one manifest, two lists
  table = AppendTo(table, 5, {File("f5", 1)});
  table = Commit(table, *merge.Prepare(table, 0)->snapshot);
  EXPECT_EQ(Manifests(table).size(), 1u);
  EXPECT_EQ(Manifests(table)[0].size(), 5u);
}

TEST_F(RewriteManifestsTest, KeepsRowIdsOfVersion3) {
  TableMetadata table = NewTable(3);
  table = AppendTo(table, 1, {File("a", 1, 40)});
  table = AppendTo(table, 2, {File("b", 1, 2), File("c", 1, 3)});
  table = Commit(table, *Make(9).Prepare(table, 0)->snapshot);
  std::map<std::string, int64_t> first_row_ids;
  const auto files = PlanFiles(store_, table, *table.FindRef("main")).value();
  for (const auto& entry : files.data) {
    first_row_ids[entry.data_file.file_path] = entry.data_file.first_row_id.value_or(-1);
  }
  EXPECT_EQ(first_row_ids, (std::map<std::string, int64_t>{{"a", 0}, {"b", 40}, {"c", 42}}));
}

TEST_F(RewriteManifestsTest, KeepsToTheTargetSize) {
  TableMetadata table = NewTable();
  for (int64_t id = 1; id <= 6; ++id) {
    std::vector<DataFile> files;
    for (int i = 0; i < 50; ++i) files.push_back(File("s3://b/t/data/" + std::to_string(id * 7919 + i * 104729), i));
    table = AppendTo(table, id, std::move(files));
  }
  const int64_t length = ListManifests(store_, *table.FindRef("main"))->at(0).manifest_length;
  auto merge = Make(9, length * 2);
  table = Commit(table, *merge.Prepare(table, 0)->snapshot);
  const auto manifests = *ListManifests(store_, *table.FindRef("main"));
  EXPECT_EQ(manifests.size(), 3u);
  size_t entries = 0;
  for (const auto& manifest : manifests) {
    EXPECT_LE(manifest.manifest_length, length * 2);
    entries += static_cast<size_t>(manifest.existing_files_count);
  }
  EXPECT_EQ(entries, 300u);
  EXPECT_EQ(merge.counts().created, 3);
}

}  // namespace
}  // namespace k2i::iceberg
