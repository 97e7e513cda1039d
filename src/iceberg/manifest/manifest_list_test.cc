// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "iceberg/manifest/avro/container.h"
#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;

Snapshot TheSnapshot() {
  return {.snapshot_id = 77, .parent_snapshot_id = 76, .sequence_number = 9, .first_row_id = 1000};
}

ManifestFile Manifest(std::string path, int64_t sequence_number = 3) {
  ManifestFile file;
  file.manifest_path = std::move(path);
  file.manifest_length = 4000;
  file.partition_spec_id = 1;
  file.sequence_number = sequence_number;
  file.min_sequence_number = sequence_number;
  file.added_snapshot_id = 77;
  file.added_files_count = 2;
  file.existing_files_count = 1;
  file.added_rows_count = 100;
  file.existing_rows_count = 25;
  return file;
}

ErrorCode CodeOf(const auto& result) { return result.has_value() ? ErrorCode::kInternal : result.error().code; }

TEST(ManifestListTest, ReadsWhatItWrites) {
  for (const int32_t version : {2, 3}) {
    ManifestFile first = Manifest("a.avro"), second = Manifest("b.avro", kUnassignedSequence);
    first.partitions = {{.contains_null = true, .contains_nan = false, .lower_bound = "\1", .upper_bound = "\2"}, {}};
    first.content = ManifestFile::Content::kDeletes;
    first.key_metadata = "k";
    second.first_row_id = version == 3 ? std::optional<int64_t>(1000) : std::nullopt;
    const auto bytes = EncodeManifestList(version, TheSnapshot(), {first, second});
    ASSERT_TRUE(bytes.has_value()) << bytes.error().ToString();
    const auto read = DecodeManifestList(*bytes);
    ASSERT_TRUE(read.has_value()) << read.error().ToString();
    ASSERT_EQ(read->size(), 2u);
    const ManifestFile& file = (*read)[0];
    EXPECT_EQ(file.manifest_path, "a.avro");
    EXPECT_EQ(file.manifest_length, 4000);
    EXPECT_EQ(file.partition_spec_id, 1);
    EXPECT_EQ(file.content, ManifestFile::Content::kDeletes);
    EXPECT_EQ(file.sequence_number, 3);
    EXPECT_EQ(file.added_snapshot_id, 77);
    EXPECT_EQ(file.added_files_count, 2);
    EXPECT_EQ(file.existing_files_count, 1);
    EXPECT_EQ(file.deleted_files_count, 0);
    EXPECT_EQ(file.added_rows_count, 100);
    EXPECT_EQ(file.existing_rows_count, 25);
    EXPECT_EQ(file.deleted_rows_count, 0);
    EXPECT_EQ(file.key_metadata, "k");
    ASSERT_EQ(file.partitions.size(), 2u);
    EXPECT_TRUE(file.partitions[0].contains_null);
    EXPECT_EQ(file.partitions[0].contains_nan, false);
    EXPECT_EQ(file.partitions[0].lower_bound, "\1");
    EXPECT_EQ(file.partitions[1].contains_nan, std::nullopt);
    EXPECT_EQ(file.partitions[1].upper_bound, std::nullopt);
    // The commit's sequence number takes the place of the unassigned one.
    EXPECT_EQ((*read)[1].sequence_number, 9);
    EXPECT_EQ((*read)[1].min_sequence_number, 9);
    EXPECT_EQ((*read)[1].first_row_id, second.first_row_id);
  }
}

TEST(ManifestListTest, WritesTheMetadataAndIdsOfTheSpecification) {
  const auto bytes = EncodeManifestList(3, TheSnapshot(), {});
  const auto container = avro::ContainerReader::Open(*bytes);
  EXPECT_EQ(container->metadata().at("snapshot-id"), "77");
  EXPECT_EQ(container->metadata().at("parent-snapshot-id"), "76");
  EXPECT_EQ(container->metadata().at("sequence-number"), "9");
  EXPECT_EQ(container->metadata().at("first-row-id"), "1000");
  EXPECT_EQ(container->metadata().at("format-version"), "3");
  EXPECT_EQ(container->schema().name, "manifest_file");
  std::vector<int32_t> ids;
  for (const avro::Field& field : container->schema().fields) ids.push_back(*field.field_id);
  EXPECT_THAT(ids, ElementsAre(500, 501, 502, 517, 515, 516, 503, 504, 505, 506, 512, 513, 514, 507, 519, 520));
}

TEST(ManifestListTest, AssignsRowIdsAsTheSpecificationsExample) {
  std::vector<ManifestFile> manifests(5, Manifest("m"));
  const auto rows = [&](size_t i, int64_t added, int64_t existing) {
    manifests[i].added_rows_count = added;
    manifests[i].existing_rows_count = existing;
  };
  rows(0, 75, 0);
  manifests[0].first_row_id = 925;
  rows(1, 100, 25);
  rows(2, 0, 100);
  rows(3, 125, 25);
  manifests[4].content = ManifestFile::Content::kDeletes;
  EXPECT_EQ(AssignFirstRowIds(1000, manifests), 1375);
  EXPECT_EQ(manifests[0].first_row_id, 925);
  EXPECT_EQ(manifests[1].first_row_id, 1000);
  EXPECT_EQ(manifests[2].first_row_id, 1125);
  EXPECT_EQ(manifests[3].first_row_id, 1225);
  EXPECT_EQ(manifests[4].first_row_id, std::nullopt);
  manifests[3].first_row_id.reset();
  EXPECT_EQ(CodeOf(AssignFirstRowIds(std::numeric_limits<int64_t>::max() - 10, manifests)), ErrorCode::kCorruption);
}

TEST(ManifestListTest, RefusesWhatReadersWouldMisread) {
  ManifestFile foreign = Manifest("m", kUnassignedSequence);
  foreign.added_snapshot_id = 5;
  EXPECT_EQ(CodeOf(EncodeManifestList(2, TheSnapshot(), {foreign})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(EncodeManifestList(3, TheSnapshot(), {Manifest("m")})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(EncodeManifestList(1, TheSnapshot(), {})), ErrorCode::kNotSupported);
}

TEST(ManifestListTest, ReadsListsOfVersion1WithoutInventingCounts) {
  const auto number = avro::Primitive(avro::Kind::kLong);
  const auto integer = avro::Primitive(avro::Kind::kInt);
  const auto root = avro::Record("manifest_file", {{"manifest_path", avro::Primitive(avro::Kind::kString), 500},
                                                   {"manifest_length", number, 501},
                                                   {"partition_spec_id", integer, 502},
                                                   {"added_snapshot_id", number, 503},
                                                   {"added_data_files_count", avro::Optional(integer), 504}});
  avro::ContainerWriter writer(root, {});
  ASSERT_TRUE(
      writer.Append({avro::Values{{std::string_view("m")}, {int64_t{1}}, {int64_t{2}}, {int64_t{3}}, {}}}).has_value());
  const auto files = DecodeManifestList(*writer.Finish());
  ASSERT_TRUE(files.has_value()) << files.error().ToString();
  EXPECT_EQ(files->at(0).sequence_number, 0);
  EXPECT_EQ(files->at(0).content, ManifestFile::Content::kData);
  EXPECT_EQ(files->at(0).added_files_count, -1);
  EXPECT_EQ(CodeOf(EncodeManifestList(2, TheSnapshot(), *files)), ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace k2i::iceberg
