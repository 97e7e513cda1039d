// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace k2i::iceberg {
namespace {

using nlohmann::json;

const TableIdentifier kTable{{"db"}, "t"};

TypePtr Of(TypeId id) { return Type::Primitive(id); }

LoadedTable Loaded(std::vector<NestedField> fields, std::map<std::string, std::string> properties = {}) {
  CreateTableRequest request;
  request.schema.type = Type::Struct(std::move(fields));
  request.properties = std::move(properties);
  auto metadata = NewTableMetadata(request, "s3://b/db.db/t", "uuid", 1).value();
  return {kTable, "s3://b/db.db/t/metadata/2.json", std::make_shared<const TableMetadata>(std::move(metadata)), {}};
}

TEST(GlueTable, NamesTypesAsHiveDoes) {
  const auto text = [](TypePtr type) { return GlueTypeText(*type); };
  EXPECT_EQ(text(Of(TypeId::kLong)), "bigint");
  EXPECT_EQ(text(Of(TypeId::kTimestampTz)), "timestamp");
  EXPECT_EQ(text(Of(TypeId::kTime)), "string");
  EXPECT_EQ(text(Of(TypeId::kUuid)), "string");
  EXPECT_EQ(text(Type::Fixed(16)), "binary");
  EXPECT_EQ(text(Type::Decimal(9, 2)), "decimal(9,2)");
  const TypePtr list = Type::List({3, "element", Of(TypeId::kInt)});
  const TypePtr map = Type::Map({4, "key", Of(TypeId::kString)}, {5, "value", list});
  EXPECT_EQ(text(Type::Struct({{1, "a", Of(TypeId::kDate)}, {2, "m", map}})),
            "struct<a:date,m:map<string,array<int>>>");
}

TEST(GlueTable, SaysWhatANewTableIs) {
  const json input =
      GlueTableInput(Loaded({{1, "id", Of(TypeId::kLong), false, "the key"}, {2, "v", Of(TypeId::kString)}},
                            {{"comment", "events"}, {"write.data.path", "s3://other/"}}),
                     nullptr);
  const json expected = json::parse(R"({
    "Name": "t", "TableType": "EXTERNAL_TABLE", "Description": "events",
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://b/db.db/t/metadata/2.json"},
    "StorageDescriptor": {"Location": "s3://b/db.db/t", "AdditionalLocations": ["s3://other/"], "Columns": [
      {"Name": "id", "Type": "bigint", "Comment": "the key", "Parameters":
        {"iceberg.field.id": "1", "iceberg.field.optional": "false", "iceberg.field.current": "true"}},
      {"Name": "v", "Type": "string", "Parameters":
        {"iceberg.field.id": "2", "iceberg.field.optional": "true", "iceberg.field.current": "true"}}]}})");
  EXPECT_EQ(input, expected) << input.dump(2);
}

TEST(GlueTable, KeepsWhatOthersHavePutThere) {
  const json existing = json::parse(R"({
    "Name": "t", "Owner": "me", "Retention": 3, "Description": "by hand", "CreateTime": 1, "VersionId": "7",
    "Parameters": {"table_type": "iceberg", "metadata_location": "s3://old", "classification": "x"},
    "StorageDescriptor": {"Columns": [{"Name": "v", "Type": "string", "Comment": "by hand"}]}})");
  EXPECT_EQ(ReadGlueTable(existing, kTable)->version_id, "7");
  const json input = GlueTableInput(Loaded({{1, "v", Of(TypeId::kString)}}), existing);
  EXPECT_EQ(input["Owner"], "me");
  EXPECT_EQ(input["Retention"], 3);
  EXPECT_EQ(input["Description"], "by hand");
  EXPECT_FALSE(input.contains("CreateTime"));
  EXPECT_EQ(input["Parameters"]["classification"], "x");
  EXPECT_EQ(input["Parameters"]["previous_metadata_location"], "s3://old");
  EXPECT_EQ(input["StorageDescriptor"]["Columns"][0]["Comment"], "by hand");
}

TEST(GlueTable, ShowsColumnsThatAreGone) {
  LoadedTable table = Loaded({{1, "old", Of(TypeId::kLong)}, {2, "same", Of(TypeId::kLong)}});
  TableMetadata metadata = *table.metadata;
  metadata.schemas.push_back({.schema_id = 1, .type = Type::Struct({{2, "same", Of(TypeId::kLong)}})});
  metadata.current_schema_id = 1;
  table.metadata = std::make_shared<const TableMetadata>(metadata);
  const json columns = GlueTableInput(table, nullptr)["StorageDescriptor"]["Columns"];
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[0]["Name"], "same");
  EXPECT_EQ(columns[1]["Name"], "old");
  EXPECT_EQ(columns[1]["Parameters"]["iceberg.field.current"], "false");
}

TEST(GlueTable, CutsALongCommentAtTheEndOfACharacter) {
  std::string comment(254, 'x');
  const json input = GlueTableInput(Loaded({{1, "v", Of(TypeId::kLong), true, comment + "\u00e9 and so on"}}), nullptr);
  EXPECT_EQ(input["StorageDescriptor"]["Columns"][0]["Comment"], comment);
}

TEST(GlueTable, LeavesOutWhatGlueWouldNotTake) {
  const json input =
      GlueTableInput(Loaded({{1, std::string(256, 'x'), Of(TypeId::kLong)}, {2, "v", Of(TypeId::kLong)}}), nullptr);
  ASSERT_EQ(input["StorageDescriptor"]["Columns"].size(), 1u);
  EXPECT_EQ(input["StorageDescriptor"]["Columns"][0]["Name"], "v");
}

TEST(GlueTable, RefusesWhatIsNoIcebergTable) {
  for (const char* text : {R"({})", R"([])", R"({"Parameters": {"table_type": "DELTA", "metadata_location": "x"}})",
                           R"({"Parameters": {"table_type": "ICEBERG"}})"}) {
    EXPECT_EQ(ReadGlueTable(json::parse(text), kTable).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace k2i::iceberg
