// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_fixture_testing.h"

namespace k2i::iceberg {
namespace {

TEST(CheckRequirementsTest, NameWhatDoesNotHold) {
  const TableMetadata table = WithCommits(NewTable(), 1);
  const std::vector<TableRequirement> met = {
      requirement::AssertTableUuid{"uuid-1"},       requirement::AssertRefSnapshotId{"main", 1},
      requirement::AssertRefSnapshotId{"none", {}}, requirement::AssertLastAssignedFieldId{2},
      requirement::AssertCurrentSchemaId{0},        requirement::AssertLastAssignedPartitionId{1000},
      requirement::AssertDefaultSpecId{0},          requirement::AssertDefaultSortOrderId{1}};
  EXPECT_TRUE(CheckRequirements(met, &table).has_value());
  const std::pair<TableRequirement, const char*> unmet[] = {
      {requirement::AssertCreate{}, "the table exists already"},
      {requirement::AssertTableUuid{"x"}, "the table's UUID is uuid-1, expected x"},
      {requirement::AssertRefSnapshotId{"main", 2}, "ref main is at snapshot 1, expected it at snapshot 2"},
      {requirement::AssertRefSnapshotId{"main", {}}, "ref main is at snapshot 1, expected it missing"},
      {requirement::AssertRefSnapshotId{"none", 2}, "ref none is missing, expected it at snapshot 2"},
      {requirement::AssertLastAssignedFieldId{3}, "the last assigned field id is 2, expected 3"},
      {requirement::AssertCurrentSchemaId{3}, "the current schema is 0, expected 3"},
      {requirement::AssertLastAssignedPartitionId{3}, "the last assigned partition id is 1000, expected 3"},
      {requirement::AssertDefaultSpecId{3}, "the default partition spec is 0, expected 3"},
      {requirement::AssertDefaultSortOrderId{3}, "the default sort order is 1, expected 3"}};
  for (const auto& [required, message] : unmet) {
    const Status status = CheckRequirements(std::span(&required, 1), &table);
    ASSERT_FALSE(status.has_value()) << message;
    EXPECT_EQ(status.error().code, ErrorCode::kCommitConflict);
    EXPECT_EQ(status.error().message, message);
  }
}

TEST(CheckRequirementsTest, WithoutATableOnlyItsAbsenceHolds) {
  const std::vector<TableRequirement> create = {requirement::AssertCreate{}};
  EXPECT_TRUE(CheckRequirements(create, nullptr).has_value());
  const std::vector<TableRequirement> uuid = {requirement::AssertTableUuid{"x"}};
  EXPECT_EQ(CheckRequirements(uuid, nullptr).error().code, ErrorCode::kCommitConflict);
}

}  // namespace
}  // namespace k2i::iceberg
