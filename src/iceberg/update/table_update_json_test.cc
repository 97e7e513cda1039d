// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_update_json.h"

#include <nlohmann/json.hpp>

#include "iceberg/update/table_fixture_testing.h"

namespace k2i::iceberg {
namespace {

TEST(TableUpdateJsonTest, ActionsOfTheRestProtocol) {
  const auto text = [](const TableUpdate& update) { return TableUpdateToJson(update).dump(); };
  EXPECT_EQ(text(update::AssignUuid{"u"}), R"({"action":"assign-uuid","uuid":"u"})");
  EXPECT_EQ(text(update::UpgradeFormatVersion{3}), R"({"action":"upgrade-format-version","format-version":3})");
  EXPECT_EQ(text(update::AddSchema{SchemaOf({Field(1, "a", TypeId::kInt)})}),
            R"({"action":"add-schema","schema":{"fields":[{"id":1,"name":"a","required":false,"type":"int"}],)"
            R"("schema-id":0,"type":"struct"}})");
  EXPECT_EQ(text(update::SetCurrentSchema{-1}), R"({"action":"set-current-schema","schema-id":-1})");
  EXPECT_EQ(text(update::AddPartitionSpec{{.spec_id = 1, .fields = {{2, 0, "d", {TransformKind::kDay}}}}}),
            R"({"action":"add-spec","spec":{"fields":[{"name":"d","source-id":2,"transform":"day"}],"spec-id":1}})");
  EXPECT_EQ(text(update::SetDefaultSpec{-1}), R"({"action":"set-default-spec","spec-id":-1})");
  EXPECT_EQ(text(update::AddSortOrder{}), R"({"action":"add-sort-order","sort-order":{"fields":[],"order-id":0}})");
  EXPECT_EQ(text(update::SetDefaultSortOrder{-1}), R"({"action":"set-default-sort-order","sort-order-id":-1})");
  EXPECT_EQ(text(update::AddSnapshot{SnapshotOf(1, 2)}),
            R"({"action":"add-snapshot","snapshot":{"manifest-list":"s3://b/t/list.avro","sequence-number":2,)"
            R"("snapshot-id":1,"summary":{"operation":"append"},"timestamp-ms":1700000000001}})");
  EXPECT_EQ(text(update::SetSnapshotRef{"t", {.snapshot_id = 1, .kind = SnapshotRef::Kind::kTag, .max_ref_age_ms = 5}}),
            R"({"action":"set-snapshot-ref","max-ref-age-ms":5,"ref-name":"t","snapshot-id":1,"type":"tag"})");
  EXPECT_EQ(text(update::RemoveSnapshots{{1, 2}}), R"({"action":"remove-snapshots","snapshot-ids":[1,2]})");
  EXPECT_EQ(text(update::RemoveSnapshotRef{"t"}), R"({"action":"remove-snapshot-ref","ref-name":"t"})");
  EXPECT_EQ(text(update::SetLocation{"l"}), R"({"action":"set-location","location":"l"})");
  EXPECT_EQ(text(update::SetProperties{{{"a", "b"}}}), R"({"action":"set-properties","updates":{"a":"b"}})");
  EXPECT_EQ(text(update::RemoveProperties{{"a"}}), R"({"action":"remove-properties","removals":["a"]})");
}

TEST(TableUpdateJsonTest, RequirementsOfTheRestProtocol) {
  const auto text = [](const TableRequirement& required) { return TableRequirementToJson(required).dump(); };
  EXPECT_EQ(text(requirement::AssertCreate{}), R"({"type":"assert-create"})");
  EXPECT_EQ(text(requirement::AssertTableUuid{"u"}), R"({"type":"assert-table-uuid","uuid":"u"})");
  EXPECT_EQ(text(requirement::AssertRefSnapshotId{"main", 1}),
            R"({"ref":"main","snapshot-id":1,"type":"assert-ref-snapshot-id"})");
  EXPECT_EQ(text(requirement::AssertRefSnapshotId{"main", {}}),
            R"({"ref":"main","snapshot-id":null,"type":"assert-ref-snapshot-id"})");
  EXPECT_EQ(text(requirement::AssertLastAssignedFieldId{1}),
            R"({"last-assigned-field-id":1,"type":"assert-last-assigned-field-id"})");
  EXPECT_EQ(text(requirement::AssertCurrentSchemaId{1}),
            R"({"current-schema-id":1,"type":"assert-current-schema-id"})");
  EXPECT_EQ(text(requirement::AssertLastAssignedPartitionId{1}),
            R"({"last-assigned-partition-id":1,"type":"assert-last-assigned-partition-id"})");
  EXPECT_EQ(text(requirement::AssertDefaultSpecId{1}), R"({"default-spec-id":1,"type":"assert-default-spec-id"})");
  EXPECT_EQ(text(requirement::AssertDefaultSortOrderId{1}),
            R"({"default-sort-order-id":1,"type":"assert-default-sort-order-id"})");
}

}  // namespace
}  // namespace k2i::iceberg
