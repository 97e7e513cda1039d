// SPDX-License-Identifier: Apache-2.0
#include "iceberg/scan/delete_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "iceberg/model/reserved_fields.h"

namespace k2i::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int32_t kUnpartitioned = 0, kByDay = 1, kByCountry = 2, kVoided = 3;

const std::vector<PartitionSpec>& Specs() {
  static const std::vector<PartitionSpec> kSpecs = {
      {.spec_id = kUnpartitioned},
      {.spec_id = kByDay, .fields = {{1, 1000, "day", {TransformKind::kDay}}}},
      {.spec_id = kByCountry, .fields = {{2, 1001, "country", {}}}},
      {.spec_id = kVoided, .fields = {{1, 1000, "day", {TransformKind::kVoid}}}}};
  return kSpecs;
}

ManifestEntry Entry(std::string path, int64_t sequence, int32_t spec_id, PartitionTuple partition) {
  ManifestEntry entry;
  entry.snapshot_id = 1;
  entry.sequence_number = sequence;
  entry.data_file.file_path = std::move(path);
  entry.data_file.spec_id = spec_id;
  entry.data_file.partition = std::move(partition);
  return entry;
}

ManifestEntry Data(std::string path, int64_t sequence, int32_t spec_id = kUnpartitioned,
                   PartitionTuple partition = {}) {
  return Entry(std::move(path), sequence, spec_id, std::move(partition));
}

ManifestEntry Positions(std::string path, int64_t sequence, int32_t spec_id = kUnpartitioned,
                        PartitionTuple partition = {}) {
  ManifestEntry entry = Entry(std::move(path), sequence, spec_id, std::move(partition));
  entry.data_file.content = DataFile::Content::kPositionDeletes;
  return entry;
}

ManifestEntry Vector(std::string path, int64_t sequence, std::string of) {
  ManifestEntry entry = Positions(std::move(path), sequence);
  entry.data_file.file_format = "PUFFIN";
  entry.data_file.referenced_data_file = std::move(of);
  entry.data_file.content_offset = 4;
  entry.data_file.content_size_in_bytes = 40;
  return entry;
}

ManifestEntry Equality(std::string path, int64_t sequence, std::vector<int32_t> ids, int32_t spec_id = kUnpartitioned,
                       PartitionTuple partition = {}) {
  ManifestEntry entry = Entry(std::move(path), sequence, spec_id, std::move(partition));
  entry.data_file.content = DataFile::Content::kEqualityDeletes;
  entry.data_file.equality_ids = std::move(ids);
  return entry;
}

void SetPathBounds(ManifestEntry& entry, const std::string& lower, const std::string& upper) {
  entry.data_file.lower_bounds[kDeleteFilePathFieldId] = lower;
  entry.data_file.upper_bounds[kDeleteFilePathFieldId] = upper;
}

/// The delete files that apply to `data`, deletion vector first, then positions, then equalities.
std::vector<std::string> Applying(const DeletesOfFile& deletes) {
  std::vector<std::string> paths;
  if (deletes.vector) paths.push_back(deletes.vector->data_file.file_path);
  for (const auto& entry : deletes.positions) paths.push_back(entry->data_file.file_path);
  for (const auto& group : deletes.equalities) {
    for (const auto& entry : group->files) {
      if (*entry->sequence_number > deletes.sequence_number) paths.push_back(entry->data_file.file_path);
    }
  }
  return paths;
}

std::vector<std::string> Applying(std::vector<ManifestEntry> deletes, const ManifestEntry& data) {
  return Applying(DeleteIndex::Make(std::move(deletes), Specs()).value().For(data).value());
}

TEST(DeleteIndexTest, PositionDeletesApplyToFilesThatAreNotNewer) {
  const std::vector<ManifestEntry> deletes = {Positions("p3", 3), Positions("p1", 1), Positions("p2", 2)};
  EXPECT_THAT(Applying(deletes, Data("a", 1)), ElementsAre("p1", "p2", "p3"));
  EXPECT_THAT(Applying(deletes, Data("a", 2)), ElementsAre("p2", "p3")) << "of the same commit too";
  EXPECT_THAT(Applying(deletes, Data("a", 4)), IsEmpty());
}

TEST(DeleteIndexTest, PositionDeletesApplyInTheirSpecAndPartition) {
  const std::vector<ManifestEntry> deletes = {Positions("p", 5, kByDay, {int32_t{7}})};
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByDay, {int32_t{7}})), ElementsAre("p"));
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByDay, {int32_t{8}})), IsEmpty());
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByDay, {Literal()})), IsEmpty());
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByCountry, {int32_t{7}})), IsEmpty());
  EXPECT_THAT(Applying(deletes, Data("a", 1)), IsEmpty());
  EXPECT_THAT(Applying({Positions("p", 5)}, Data("a", 1, kByDay, {int32_t{7}})), IsEmpty()) << "never global";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Applying({Positions("p", 5, kByCountry, {nan})}, Data("a", 1, kByCountry, {nan})), ElementsAre("p"));
  EXPECT_THAT(
      Applying({Positions("p", 5, kByCountry, {std::string("1:x")})}, Data("a", 1, kByCountry, {std::string("1:y")})),
      IsEmpty());
}

TEST(DeleteIndexTest, PositionDeletesOfOneDataFileApplyToItAlone) {
  ManifestEntry named = Positions("named", 5);
  named.data_file.referenced_data_file = "a";
  ManifestEntry bounded = Positions("bounded", 5);
  SetPathBounds(bounded, "a", "a");
  EXPECT_THAT(Applying({named, bounded}, Data("a", 5)), ElementsAre("bounded", "named"));
  EXPECT_THAT(Applying({named, bounded}, Data("b", 5)), IsEmpty());
  EXPECT_THAT(Applying({named, bounded}, Data("a", 6)), IsEmpty());
  // Spark and Iceberg's own reader go by the name, whatever the partition.
  EXPECT_THAT(Applying({named, bounded}, Data("a", 5, kByDay, {int32_t{7}})), ElementsAre("bounded", "named"));
}

TEST(DeleteIndexTest, BoundsOfPathsLeaveOutFiles) {
  ManifestEntry some = Positions("some", 5);
  SetPathBounds(some, "b", "d");
  EXPECT_THAT(Applying({some}, Data("a", 1)), IsEmpty());
  EXPECT_THAT(Applying({some}, Data("c", 1)), ElementsAre("some"));
  EXPECT_THAT(Applying({some}, Data("d", 1)), ElementsAre("some"));
  EXPECT_THAT(Applying({some}, Data("d1", 1)), IsEmpty());
}

TEST(DeleteIndexTest, ADeletionVectorTakesThePlaceOfPositionDeletes) {
  ManifestEntry named = Positions("named", 5);
  named.data_file.referenced_data_file = "a";
  const std::vector<ManifestEntry> deletes = {Positions("p", 5), named, Vector("v", 6, "a")};
  EXPECT_THAT(Applying(deletes, Data("a", 1)), ElementsAre("v"));
  EXPECT_THAT(Applying(deletes, Data("a", 6)), ElementsAre("v"));
  EXPECT_THAT(Applying(deletes, Data("b", 1)), ElementsAre("p"));
  EXPECT_THAT(Applying({Vector("v", 3, "a"), Positions("p", 5)}, Data("a", 4)), ElementsAre("p"))
      << "a vector that is older than the file is none of its";
  EXPECT_THAT(Applying({Vector("v", 6, "a"), Equality("e", 2, {1})}, Data("a", 1)), ElementsAre("v", "e"));
}

TEST(DeleteIndexTest, EqualityDeletesApplyToOlderFilesOnly) {
  const std::vector<ManifestEntry> deletes = {Equality("e3", 3, {1}), Equality("e2", 2, {1}),
                                              Equality("f2", 2, {2, 1})};
  EXPECT_THAT(Applying(deletes, Data("a", 1)), ElementsAre("e2", "e3", "f2"));
  EXPECT_THAT(Applying(deletes, Data("a", 2)), ElementsAre("e3")) << "not those of the same commit";
  EXPECT_THAT(Applying(deletes, Data("a", 3)), IsEmpty());
}

TEST(DeleteIndexTest, EqualityDeletesApplyInTheirPartitionOrEverywhere) {
  const std::vector<ManifestEntry> deletes = {Equality("day", 5, {1}, kByDay, {int32_t{7}}), Equality("all", 5, {1}),
                                              Equality("void", 5, {2}, kVoided, {Literal()})};
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByDay, {int32_t{7}})), ElementsAre("all", "void", "day"));
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByDay, {int32_t{8}})), ElementsAre("all", "void"));
  EXPECT_THAT(Applying(deletes, Data("a", 1, kByCountry, {int32_t{7}})), ElementsAre("all", "void"));
  EXPECT_THAT(Applying(deletes, Data("a", 1)), ElementsAre("all", "void"));
}

TEST(DeleteIndexTest, GroupsEqualityDeletesByTheirColumnsInAnyOrder) {
  const auto index =
      DeleteIndex::Make(std::vector{Equality("x", 4, {2, 1}), Equality("y", 3, {1, 2})}, Specs()).value();
  const auto deletes = index.For(Data("a", 1)).value();
  ASSERT_EQ(deletes.equalities.size(), 1u);
  EXPECT_THAT(deletes.equalities[0]->field_ids, ElementsAre(1, 2));
  EXPECT_THAT(Applying(deletes), ElementsAre("y", "x"));
}

TEST(DeleteIndexTest, WithoutDeletesNothingIsAsked) {
  const auto index = DeleteIndex::Make(std::vector<ManifestEntry>{}, Specs()).value();
  ManifestEntry data = Data("a", 1);
  data.sequence_number.reset();
  EXPECT_TRUE(index.For(data).value().empty());
}

TEST(DeleteIndexTest, RefusesWhatCannotBe) {
  const auto error = [](std::vector<ManifestEntry> deletes) {
    const auto made = DeleteIndex::Make(std::move(deletes), Specs());
    EXPECT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::kCorruption);
    EXPECT_EQ(made.error().component, Component::kStorage);
    return made.error().message;
  };
  EXPECT_THAT(error({Vector("v", 1, "a"), Vector("w", 2, "a")}), HasSubstr("w is the second deletion vector of a"));
  ManifestEntry nameless = Vector("v", 1, "a");
  nameless.data_file.referenced_data_file.reset();
  EXPECT_THAT(error({nameless}), HasSubstr("does not say of which file"));
  ManifestEntry nowhere = Vector("v", 1, "a");
  nowhere.data_file.content_offset.reset();
  EXPECT_THAT(error({nowhere}), HasSubstr("where it is"));
  EXPECT_THAT(error({Equality("e", 1, {})}), HasSubstr("without columns"));
  EXPECT_THAT(error({Equality("e", 1, {1}, 99)}), HasSubstr("partition spec"));
  EXPECT_THAT(error({Data("d", 1)}), HasSubstr("is a data file"));
  ManifestEntry unnumbered = Positions("p", 1);
  unnumbered.sequence_number.reset();
  EXPECT_THAT(error({unnumbered}), HasSubstr("no sequence number"));
  const auto index = DeleteIndex::Make(std::vector{Positions("p", 1)}, Specs()).value();
  unnumbered.data_file.content = DataFile::Content::kData;
  EXPECT_EQ(index.For(unnumbered).error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace k2i::iceberg
