// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_update.h"

#include "iceberg/update/table_fixture_testing.h"

namespace k2i::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int64_t> LogOf(const TableMetadata& table) {
  std::vector<int64_t> ids;
  for (const SnapshotLogEntry& entry : table.snapshot_log) ids.push_back(entry.snapshot_id);
  return ids;
}

TEST(ApplyUpdatesTest, AnAppendMovesMainAndTheLogs) {
  const TableMetadata table =
      *Apply(NewTable(),
             {update::AddSnapshot{SnapshotOf(7, 1)}, update::SetSnapshotRef{"main", {.snapshot_id = 7}},
              update::SetSnapshotRef{"k2i-p", {.snapshot_id = 7, .kind = SnapshotRef::Kind::kTag}},
              update::SetProperties{{{"k2i.p.offsets", "{}"}}}},
             "s3://b/t/metadata/0.json");
  EXPECT_EQ(table.current_snapshot_id, 7);
  EXPECT_EQ(table.last_sequence_number, 1);
  EXPECT_EQ(table.last_updated_ms, kNow + 1000);
  EXPECT_EQ(table.FindRef("k2i-p")->snapshot_id, 7);
  EXPECT_EQ(table.PropertyOr("k2i.p.offsets", ""), "{}");
  ASSERT_EQ(table.snapshot_log.size(), 1U);
  EXPECT_EQ(table.snapshot_log[0].timestamp_ms, kNow + 7);
  ASSERT_EQ(table.metadata_log.size(), 1U);
  EXPECT_EQ(table.metadata_log[0].metadata_file, "s3://b/t/metadata/0.json");
  EXPECT_EQ(table.metadata_log[0].timestamp_ms, kNow);
}

TEST(ApplyUpdatesTest, TimeNeverGoesBack) {
  TableMetadata table = NewTable();
  table.last_updated_ms = kNow + 5'000'000;
  table.snapshot_log = {{kNow + 4'000'000, 99}};
  table = *Apply(table, {update::AddSnapshot{SnapshotOf(1, 1)}, update::SetSnapshotRef{"main", {.snapshot_id = 1}}});
  EXPECT_EQ(table.last_updated_ms, kNow + 5'000'000);
  EXPECT_EQ(table.snapshot_log.back().timestamp_ms, kNow + 4'000'000);
}

TEST(ApplyUpdatesTest, RefusesSnapshotsThatTheSpecForbids) {
  const TableMetadata table = WithCommits(NewTable(), 2);
  const auto add = [&](Snapshot snapshot) { return Apply(table, {update::AddSnapshot{std::move(snapshot)}}); };
  ExpectIllegal(add(SnapshotOf(2, 3, 2)), "snapshot 2 is there already");
  ExpectIllegal(add(SnapshotOf(3, 2, 2)), "its sequence number 2 is not above the table's last, 2");
  ExpectIllegal(add(SnapshotOf(3, 3, 9)), "its parent 9 is not in the table");
  Snapshot snapshot = SnapshotOf(3, 3, 2);
  snapshot.schema_id = 5;
  ExpectIllegal(add(snapshot), "there is no schema 5");
  snapshot = SnapshotOf(3, 3, 2);
  snapshot.summary.clear();
  ExpectIllegal(add(snapshot), "lacks a manifest list or an operation");
  EXPECT_TRUE(add(SnapshotOf(3, 3, 2)).has_value());
}

TEST(ApplyUpdatesTest, V3GivesOutRowIdsOnce) {
  CreateTableRequest request = Request();
  request.format_version = 3;
  TableMetadata table = NewTable(request);
  Snapshot snapshot = SnapshotOf(1, 1);
  ExpectIllegal(Apply(table, {update::AddSnapshot{snapshot}}), "lacks first-row-id or added-rows");
  snapshot.first_row_id = 0;
  snapshot.added_rows = 100;
  table = *Apply(table, {update::AddSnapshot{snapshot}});
  EXPECT_EQ(table.next_row_id, 100);
  Snapshot next = SnapshotOf(2, 2, 1);
  next.first_row_id = 99;
  next.added_rows = 1;
  ExpectIllegal(Apply(table, {update::AddSnapshot{next}}), "first-row-id 99 is below the table's next-row-id 100");
  next.first_row_id = 100;
  EXPECT_EQ(Apply(table, {update::AddSnapshot{next}})->next_row_id, 101);
}

TEST(ApplyUpdatesTest, RefusesIllegalRefs) {
  const TableMetadata table = WithCommits(NewTable(), 1);
  const auto set = [&](std::string name, SnapshotRef ref) {
    return Apply(table, {update::SetSnapshotRef{std::move(name), ref}});
  };
  const auto tag = SnapshotRef::Kind::kTag;
  ExpectIllegal(set("b", {.snapshot_id = 9}), "ref b: snapshot 9 is not in the table");
  ExpectIllegal(set("main", {.snapshot_id = 1, .kind = tag}), "main cannot be a tag");
  ExpectIllegal(set("t", {.snapshot_id = 1, .kind = tag, .min_snapshots_to_keep = 1}), "takes no retention");
  ExpectIllegal(set("b", {.snapshot_id = 1, .max_ref_age_ms = 0}), "retention must be positive");
}

TEST(ApplyUpdatesTest, RollbackIsLoggedAndRepeatsAreNot) {
  TableMetadata table = WithCommits(NewTable(), 2);
  table = *Apply(table, {update::SetSnapshotRef{"main", {.snapshot_id = 1}}});
  table = *Apply(table, {update::SetSnapshotRef{"main", {.snapshot_id = 1, .min_snapshots_to_keep = 3}}});
  EXPECT_THAT(LogOf(table), ElementsAre(1, 2, 1));
  EXPECT_EQ(table.refs.at("main").min_snapshots_to_keep, 3);
}

TEST(ApplyUpdatesTest, SnapshotsMainOnlyPassedThroughAreNotLogged) {
  const TableMetadata table = *Apply(
      NewTable(), {update::AddSnapshot{SnapshotOf(1, 1)}, update::SetSnapshotRef{"main", {.snapshot_id = 1}},
                   update::AddSnapshot{SnapshotOf(2, 2, 1)}, update::SetSnapshotRef{"main", {.snapshot_id = 2}}});
  EXPECT_THAT(LogOf(table), ElementsAre(2));
  EXPECT_EQ(table.snapshots.size(), 2U);
}

TEST(ApplyUpdatesTest, RemovedSnapshotsTakeRefsLogAndStatisticsAlong) {
  TableMetadata table = WithCommits(NewTable(), 4);
  table.refs["old"] = {.snapshot_id = 2, .kind = SnapshotRef::Kind::kTag};
  table.other["statistics"] = R"([{"snapshot-id":2},{"snapshot-id":3}])";
  table = *Apply(table, {update::RemoveSnapshots{{2, 77}}});
  EXPECT_EQ(table.snapshots.size(), 3U);
  EXPECT_FALSE(table.refs.contains("old"));
  EXPECT_EQ(table.current_snapshot_id, 4);
  EXPECT_THAT(LogOf(table), ElementsAre(3, 4));  // 1 came before the hole
  EXPECT_EQ(table.other["statistics"], R"([{"snapshot-id":3}])");
  table = *Apply(table, {update::RemoveSnapshots{{4}}});
  EXPECT_FALSE(table.current_snapshot_id.has_value());
  EXPECT_FALSE(table.refs.contains("main"));
  EXPECT_THAT(LogOf(table), IsEmpty());
}

TEST(ApplyUpdatesTest, RemovingMainLeavesNoCurrentSnapshot) {
  const TableMetadata table = *Apply(WithCommits(NewTable(), 1), {update::RemoveSnapshotRef{"main"}});
  EXPECT_FALSE(table.current_snapshot_id.has_value());
  EXPECT_THAT(table.refs, IsEmpty());
  EXPECT_EQ(table.snapshots.size(), 1U);
}

TEST(ApplyUpdatesTest, SchemasGetTheNextIdOrTheirOwnAgain) {
  TableMetadata table = NewTable();
  Schema wider = table.current_schema();
  auto fields = wider.fields();
  fields.push_back(Field(3, "extra", TypeId::kString));
  wider.type = Type::Struct(fields);
  table = *Apply(table, {update::AddSchema{wider}, update::SetCurrentSchema{-1}});
  EXPECT_EQ(table.current_schema_id, 1);
  EXPECT_EQ(table.last_column_id, 3);
  table = *Apply(table, {update::AddSchema{table.schemas[0]}, update::SetCurrentSchema{-1}});
  EXPECT_EQ(table.current_schema_id, 0);
  EXPECT_EQ(table.schemas.size(), 2U);
  EXPECT_EQ(table.last_column_id, 3);
  ExpectIllegal(Apply(table, {update::SetCurrentSchema{9}}), "no schema with id 9");
  ExpectIllegal(Apply(table, {update::SetCurrentSchema{-1}}), "no schema with id -1");
  const Schema without_ts = SchemaOf({Field(1, "id", TypeId::kLong, false)});
  ExpectIllegal(Apply(table, {update::AddSchema{without_ts}, update::SetCurrentSchema{-1}}),
                "partition field ts_day: no column outside lists and maps has id 2");
}

TEST(ApplyUpdatesTest, SpecsGetTheNextIdAndFieldIdsOrTheirOwnAgain) {
  TableMetadata table = NewTable();
  const PartitionSpec daily_bucketed{
      .fields = {{2, 0, "ts_day", {TransformKind::kDay}}, {1, 0, "b", {TransformKind::kBucket, 4}}}};
  table = *Apply(table, {update::AddPartitionSpec{daily_bucketed}, update::SetDefaultSpec{-1}});
  EXPECT_EQ(table.default_spec_id, 1);
  EXPECT_EQ(table.default_spec().fields[0].field_id, 1000);  // the same field as in spec 0
  EXPECT_EQ(table.default_spec().fields[1].field_id, 1001);
  EXPECT_EQ(table.last_partition_id, 1001);
  table = *Apply(table, {update::AddPartitionSpec{daily_bucketed}});
  EXPECT_EQ(table.partition_specs.size(), 2U);
  ExpectIllegal(Apply(table, {update::SetDefaultSpec{5}}), "no partition spec with id 5");
}

TEST(ApplyUpdatesTest, SortOrdersGetTheNextIdOrTheirOwnAgain) {
  TableMetadata table = NewTable();
  SortOrder order{.fields = {{.transform = {}, .source_id = 2, .ascending = false}}};
  table = *Apply(table, {update::AddSortOrder{order}, update::SetDefaultSortOrder{-1}});
  EXPECT_EQ(table.default_sort_order_id, 2);
  table = *Apply(table, {update::AddSortOrder{{}}, update::SetDefaultSortOrder{0}});
  EXPECT_EQ(table.default_sort_order_id, 0);
  table = *Apply(table, {update::AddSortOrder{order}});
  EXPECT_EQ(table.sort_orders.size(), 3U);
  order.fields[0].source_id = 9;
  ExpectIllegal(Apply(table, {update::AddSortOrder{order}}), "no column has id 9");
}

TEST(ApplyUpdatesTest, FormatVersionOnlyRises) {
  TableMetadata table = *Apply(NewTable(), {update::UpgradeFormatVersion{3}});
  EXPECT_EQ(table.format_version, 3);
  ExpectIllegal(Apply(table, {update::UpgradeFormatVersion{2}}), "from format version 3 to 2");
  ExpectIllegal(Apply(table, {update::UpgradeFormatVersion{4}}), "from format version 3 to 4");
  table = *Apply(NewTable(), {update::SetProperties{{{"format-version", "3"}, {"current-schema", "x"}}}});
  EXPECT_EQ(table.format_version, 3);
  EXPECT_EQ(table.properties.size(), 1U);
  ExpectIllegal(Apply(table, {update::SetProperties{{{"format-version", "three"}}}}), "is not a number");
}

TEST(ApplyUpdatesTest, UuidIsGivenOnce) {
  EXPECT_TRUE(Apply(NewTable(), {update::AssignUuid{"uuid-1"}}).has_value());
  ExpectIllegal(Apply(NewTable(), {update::AssignUuid{"uuid-2"}}), "the table has a UUID already: uuid-1");
}

TEST(ApplyUpdatesTest, PropertiesAndLocation) {
  const TableMetadata table =
      *Apply(NewTable(), {update::SetProperties{{{"a", "1"}, {"b", "2"}}}, update::RemoveProperties{{"a", "none"}},
                          update::SetLocation{"s3://c/u//"}});
  EXPECT_FALSE(table.properties.contains("a"));
  EXPECT_EQ(table.properties.at("b"), "2");
  EXPECT_EQ(table.location, "s3://c/u");
}

TEST(ApplyUpdatesTest, TheMetadataLogIsCut) {
  TableMetadata table = *Apply(NewTable(), {update::SetProperties{{{"write.metadata.previous-versions-max", "2"}}}});
  for (const char* file : {"0", "1", "2", "3"}) table = *Apply(table, {update::SetProperties{{{"x", file}}}}, file);
  ASSERT_EQ(table.metadata_log.size(), 2U);
  EXPECT_EQ(table.metadata_log[0].metadata_file, "2");
  EXPECT_EQ(table.metadata_log[1].metadata_file, "3");
  table.properties["write.metadata.previous-versions-max"] = "many";
  ExpectIllegal(Apply(table, {}, "4"), "is not a number: 'many'");
}

TEST(ApplyUpdatesTest, AnEmptyBaseNeedsAllItsParts) {
  ExpectIllegal(Apply(TableMetadata{}, {update::AddSchema{NewTable().current_schema()}}),
                "a table needs a schema, a partition spec and a sort order");
  ExpectIllegal(Apply(TableMetadata{}, {update::AddPartitionSpec{}}), "a partition spec before a schema");
}

TEST(ApplyUpdatesTest, UnknownMembersOutliveACommit) {
  TableMetadata table = WithCommits(NewTable(), 2);
  const OtherMembers more = {{"x-new", "[1]"}};
  table.other = more;
  table.snapshots.Edit(0).other = table.schemas[0].other = table.partition_specs[0].other = more;
  table.sort_orders[0].other = table.snapshot_log.Edit(0).other = more;
  table.refs["main"].other = more;
  SnapshotRef main = table.refs["main"];
  main.snapshot_id = 3;
  const auto after = Apply(table, {update::AddSnapshot{SnapshotOf(3, 3, 2)}, update::SetSnapshotRef{"main", main}});
  ASSERT_TRUE(after.has_value()) << after.error().ToString();
  for (const auto& kept :
       {after->other, after->snapshots[0].other, after->schemas[0].other, after->partition_specs[0].other,
        after->sort_orders[0].other, after->snapshot_log[0].other, after->refs.at("main").other}) {
    EXPECT_EQ(kept, more);
  }
}

TEST(ApplyUpdatesTest, V1BecomesV2WithItsSnapshots) {
  TableMetadata table = WithCommits(NewTable(), 1);
  table.format_version = 1;
  table.last_sequence_number = 0;
  table.snapshots.Edit(0).sequence_number = 0;
  table = *Apply(table, {update::UpgradeFormatVersion{2}});
  EXPECT_EQ(table.format_version, 2);
  EXPECT_EQ(table.last_sequence_number, 0);
  EXPECT_EQ(Apply(table, {update::AddSnapshot{SnapshotOf(9, 1, 1)}})->last_sequence_number, 1);
  ExpectIllegal(Apply(table, {update::UpgradeFormatVersion{1}}), "from format version 2 to 1");
}

}  // namespace
}  // namespace k2i::iceberg
