// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/table_fixture_testing.h"

namespace k2i::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NewTableMetadataTest, AssignsIdsAndDefaults) {
  const TableMetadata table = *NewTableMetadata(Request(), "s3://b/t/", "uuid-1", kNow);
  EXPECT_EQ(table.format_version, 2);
  EXPECT_EQ(table.table_uuid, "uuid-1");
  EXPECT_EQ(table.location, "s3://b/t");
  EXPECT_EQ(table.last_updated_ms, kNow);
  EXPECT_EQ(table.last_column_id, 2);
  EXPECT_EQ(table.current_schema().schema_id, 0);
  EXPECT_EQ(table.current_schema().FindField("ts")->field_id, 2);
  EXPECT_EQ(table.default_spec().fields[0].source_id, 2);
  EXPECT_EQ(table.default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(table.last_partition_id, 1000);
  EXPECT_EQ(table.default_sort_order_id, 1);
  EXPECT_EQ(table.sort_orders.size(), 1U);
  EXPECT_EQ(table.sort_orders[0].fields[0].source_id, 1);
  EXPECT_FALSE(table.current_snapshot_id.has_value());
  EXPECT_THAT(table.metadata_log, IsEmpty());
  EXPECT_TRUE(ParseTableMetadata(TableMetadataJson(table)).has_value());
}

TEST(NewTableMetadataTest, UnpartitionedAndUnsortedHaveIdZero) {
  CreateTableRequest request = Request();
  request.spec.fields.clear();
  request.sort_order.fields.clear();
  const TableMetadata table = NewTable(request);
  EXPECT_TRUE(table.default_spec().is_unpartitioned());
  EXPECT_EQ(table.last_partition_id, 999);
  EXPECT_EQ(table.default_sort_order_id, 0);
}

TEST(NewTableMetadataTest, ReservedPropertiesAreHonouredAndNotStored) {
  CreateTableRequest request = Request();
  request.properties = {{"format-version", "3"}, {"uuid", "x"}, {"owner", "me"}};
  const TableMetadata table = NewTable(request);
  EXPECT_EQ(table.format_version, 3);
  EXPECT_THAT(table.properties,
              ElementsAre(std::pair<const std::string, std::string>("owner", "me"),
                          std::pair<const std::string, std::string>("write.parquet.compression-codec", "zstd")));
}

TEST(NewTableMetadataTest, TypesMustExistInTheFormatVersion) {
  CreateTableRequest request = Request();
  request.schema = SchemaOf({Field(1, "at", TypeId::kTimestampNs)});
  request.spec.fields.clear();
  request.sort_order.fields.clear();
  ExpectIllegal(NewTableMetadata(request, "l", "u", kNow), "column at: type timestamp_ns needs format version 3");
  request.format_version = 3;
  EXPECT_TRUE(NewTableMetadata(request, "l", "u", kNow).has_value());
  request.format_version = 1;
  EXPECT_EQ(NewTableMetadata(request, "l", "u", kNow).error().code, ErrorCode::kNotSupported);
}

TEST(NewTableMetadataTest, RefusesIllegalSchemas) {
  const auto create = [](std::vector<NestedField> fields, std::vector<int32_t> identifiers = {}) {
    CreateTableRequest request;
    request.schema = SchemaOf(std::move(fields));
    request.schema.identifier_field_ids = std::move(identifiers);
    return NewTableMetadata(request, "l", "u", kNow);
  };
  ExpectIllegal(create({Field(1, "a", TypeId::kInt), Field(2, "a", TypeId::kInt)}), "two columns are named a");
  ExpectIllegal(create({Field(1, "", TypeId::kInt)}), "a column without a name");
  ExpectIllegal(create({Field(1, "a", TypeId::kInt)}, {1}), "identifier field 1 is not a required column");
  ExpectIllegal(create({Field(1, "a", TypeId::kDouble, false)}, {1}), "cannot be of type double");
  NestedField with_default = Field(1, "a", TypeId::kInt);
  with_default.initial_default = Literal(int32_t{1});
  ExpectIllegal(create({with_default}), "default values need format version 3");
  EXPECT_TRUE(create({Field(0, "a", TypeId::kInt), Field(0, "b", TypeId::kInt)}).has_value());
  ExpectIllegal(NewTableMetadata({}, "l", "u", kNow), "a schema must be a struct");
}

TEST(NewTableMetadataTest, RefusesIllegalSpecs) {
  const auto create = [](std::vector<PartitionField> fields) {
    CreateTableRequest request = Request();
    request.schema = SchemaOf({Field(1, "id", TypeId::kLong),
                               Field(2, "ts", TypeId::kTimestamp),
                               {.field_id = 3, .name = "l", .type = Type::List(Field(4, "", TypeId::kInt))}});
    request.sort_order.fields.clear();
    request.spec.fields = std::move(fields);
    return NewTableMetadata(request, "l", "u", kNow);
  };
  ExpectIllegal(create({{9, 0, "x", {TransformKind::kIdentity}}}), "field id 9 does not name one column");
  ExpectIllegal(create({{1, 0, "x", {TransformKind::kDay}}}), "transform day cannot be applied to long");
  ExpectIllegal(create({{4, 0, "x", {TransformKind::kIdentity}}}), "no column outside lists and maps");
  ExpectIllegal(create({{1, 0, "ts", {TransformKind::kIdentity}}}), "has the name of another column");
  ExpectIllegal(create({{2, 0, "ts", {TransformKind::kDay}}}), "has the name of another column");
  ExpectIllegal(create({{1, 0, "x", {TransformKind::kIdentity}}, {2, 0, "x", {TransformKind::kDay}}}), "are named x");
  ExpectIllegal(create({{2, 0, "x", {TransformKind::kDay}}, {2, 0, "y", {TransformKind::kDay}}}), "repeats");
  EXPECT_TRUE(create({{1, 0, "id", {TransformKind::kIdentity}}}).has_value());
}

}  // namespace
}  // namespace k2i::iceberg
