// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/table_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

nlohmann::json V1() {
  return nlohmann::json::parse(R"json({
    "format-version": 1, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": "s3://b/t",
    "last-updated-ms": 1602638573874, "last-column-id": 3,
    "schema": {"type": "struct", "fields": [
      {"id": 1, "name": "x", "required": true, "type": "long"},
      {"id": 2, "name": "y", "required": false, "type": "decimal(9, 2)", "doc": "price"}]},
    "partition-spec": [{"name": "x", "transform": "identity", "source-id": 1},
                       {"name": "y_b", "transform": "bucket[4]", "source-id": 2}],
    "properties": {}, "current-snapshot-id": -1,
    "snapshots": [{"snapshot-id": 1, "timestamp-ms": 5, "manifest-list": "s3://b/t/l.avro"}]})json");
}

nlohmann::json V2() {
  return nlohmann::json::parse(R"json({
    "format-version": 2, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": "s3://b/t",
    "last-sequence-number": 34, "last-updated-ms": 1602638573590, "last-column-id": 9, "current-schema-id": 1,
    "schemas": [
      {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "x", "required": true, "type": "long"}]},
      {"type": "struct", "schema-id": 1, "identifier-field-ids": [1], "fields": [
        {"id": 1, "name": "x", "required": true, "type": "long", "doc": "the key"},
        {"id": 2, "name": "s", "required": false, "type": {"type": "struct", "fields": [
          {"id": 3, "name": "at", "required": false, "type": "timestamptz"}]}},
        {"id": 4, "name": "l", "required": false, "type": {"type": "list", "element-id": 5,
          "element": "string", "element-required": true}},
        {"id": 6, "name": "m", "required": true, "type": {"type": "map", "key-id": 7, "key": "string",
          "value-id": 8, "value": "fixed[4]", "value-required": false}},
        {"id": 9, "name": "d", "required": false, "type": "decimal(9,2)"}]}],
    "partition-specs": [{"spec-id": 0, "fields": []}, {"spec-id": 2, "fields": [
      {"source-id": 3, "field-id": 1000, "name": "at_day", "transform": "day"}]}],
    "default-spec-id": 2, "last-partition-id": 1000,
    "sort-orders": [{"order-id": 3, "fields": [
      {"transform": "bucket[4]", "source-id": 1, "direction": "desc", "null-order": "nulls-last"}]}],
    "default-sort-order-id": 3, "properties": {"a": "b"},
    "current-snapshot-id": 3055729675574597004,
    "snapshots": [
      {"snapshot-id": 3051729675574597004, "timestamp-ms": 1515100955770, "sequence-number": 0,
       "summary": {"operation": "append"}, "manifest-list": "s3://b/t/1.avro"},
      {"snapshot-id": 3055729675574597004, "parent-snapshot-id": 3051729675574597004,
       "timestamp-ms": 1555100955770, "sequence-number": 1, "summary": {"operation": "append", "added-records": "7"},
       "manifest-list": "s3://b/t/2.avro", "schema-id": 1}],
    "snapshot-log": [{"snapshot-id": 3051729675574597004, "timestamp-ms": 1515100955770},
                     {"snapshot-id": 3055729675574597004, "timestamp-ms": 1555100955770}],
    "metadata-log": [{"metadata-file": "s3://b/t/v1.json", "timestamp-ms": 1515100955770}],
    "refs": {"main": {"snapshot-id": 3055729675574597004, "type": "branch", "min-snapshots-to-keep": 5},
             "k2i-p": {"snapshot-id": 3051729675574597004, "type": "tag", "max-ref-age-ms": 10}},
    "statistics": [{"snapshot-id": 3055729675574597004, "statistics-path": "s3://b/t/s.puffin"}],
    "future-member": {"deep": [1, 2.5, null]}})json");
}

nlohmann::json V3() {
  nlohmann::json json = V2();
  json["format-version"] = 3;
  json["next-row-id"] = 77;
  auto& snapshot = json["snapshots"][1];
  snapshot["first-row-id"] = 70;
  snapshot["added-rows"] = 7;
  snapshot["key-id"] = "k";
  auto& fields = json["schemas"][1]["fields"];
  fields[4]["initial-default"] = "1.50";
  fields[4]["write-default"] = "-2.00";
  fields.push_back({{"id", 10},
                    {"name", "n"},
                    {"required", false},
                    {"type", "timestamptz_ns"},
                    {"write-default", "2024-01-31T05:04:03.123456789+00:00"}});
  fields.push_back({{"id", 11}, {"name", "u"}, {"required", false}, {"type", "unknown"}});
  json["last-column-id"] = 11;
  json["encryption-keys"] = nlohmann::json::array({{{"key-id", "k"}}});
  return json;
}

Result<TableMetadata> Parse(const nlohmann::json& json) { return ParseTableMetadata(json.dump()); }

/// What is written, but for what a reader of the original adds or normalizes.
nlohmann::json Rewritten(const nlohmann::json& json) { return nlohmann::json::parse(TableMetadataJson(*Parse(json))); }

TEST(TableMetadataTest, ReadsV1ByItsLegacyMembers) {
  const TableMetadata metadata = *Parse(V1());
  EXPECT_EQ(metadata.format_version, 1);
  EXPECT_EQ(metadata.current_schema().FindField("y")->doc, "price");
  EXPECT_EQ(metadata.default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(metadata.default_spec().fields[1].field_id, 1001);
  EXPECT_EQ(metadata.last_partition_id, 1001);
  EXPECT_EQ(metadata.sort_orders.size(), 1U);
  EXPECT_FALSE(metadata.current_snapshot_id.has_value());
  EXPECT_THAT(metadata.refs, IsEmpty());
  EXPECT_EQ(metadata.snapshots[0].sequence_number, 0);
  EXPECT_THAT(metadata.other, IsEmpty());
}

TEST(TableMetadataTest, WritesV1ForReadersOfV1) {
  const nlohmann::json json = Rewritten(V1());
  EXPECT_EQ(json["schema"]["fields"].size(), 2U);
  EXPECT_EQ(json["partition-spec"][1]["field-id"], 1001);
  EXPECT_EQ(json["current-snapshot-id"], -1);
  EXPECT_FALSE(json.contains("last-sequence-number"));
  EXPECT_FALSE(json["snapshots"][0].contains("sequence-number"));
}

TEST(TableMetadataTest, WithoutRefsTheCurrentSnapshotIsMain) {
  nlohmann::json json = V2();
  json.erase("refs");
  const TableMetadata metadata = *Parse(json);
  EXPECT_EQ(metadata.refs.size(), 1U);
  EXPECT_EQ(metadata.FindRef("main")->snapshot_id, 3055729675574597004);
}

TEST(TableMetadataTest, ReadsV2) {
  const TableMetadata metadata = *Parse(V2());
  EXPECT_EQ(metadata.last_sequence_number, 34);
  EXPECT_EQ(metadata.current_schema().schema_id, 1);
  EXPECT_EQ(metadata.current_schema().FindField("s.at")->type->ToString(), "timestamptz");
  EXPECT_FALSE(metadata.current_schema().FindField("l.element")->optional);
  EXPECT_TRUE(metadata.current_schema().FindField("m.value")->optional);
  EXPECT_EQ(metadata.default_spec().fields[0].transform.ToString(), "day");
  EXPECT_FALSE(metadata.sort_orders[0].fields[0].ascending);
  EXPECT_FALSE(metadata.sort_orders[0].fields[0].nulls_first);
  EXPECT_EQ(metadata.FindRef("main")->summary.at("added-records"), "7");
  EXPECT_EQ(metadata.refs.at("k2i-p").kind, SnapshotRef::Kind::kTag);
  EXPECT_EQ(metadata.FindRef("nowhere"), nullptr);
  EXPECT_EQ(metadata.PropertyOr("a", "x"), "b");
  EXPECT_EQ(metadata.PropertyOr("c", "x"), "x");
  EXPECT_EQ(metadata.other.at("future-member"), R"({"deep":[1,2.5,null]})");
}

TEST(TableMetadataTest, V2AndV3ReadBackAsTheyWere) {
  nlohmann::json v2 = V2();
  v2["snapshots"][0].erase("sequence-number");  // 0 is the default
  EXPECT_EQ(Rewritten(v2), v2);
  nlohmann::json v3 = V3();
  v3["snapshots"][0].erase("sequence-number");
  EXPECT_EQ(Rewritten(v3), v3);
}

TEST(TableMetadataTest, ReadsV3) {
  const TableMetadata metadata = *Parse(V3());
  EXPECT_EQ(metadata.next_row_id, 77);
  EXPECT_EQ(metadata.FindRef("main")->first_row_id, 70);
  EXPECT_EQ(metadata.FindRef("main")->added_rows, 7);
  EXPECT_EQ(metadata.current_schema().FindField("d")->initial_default, Literal(Decimal128{150}));
  EXPECT_EQ(metadata.current_schema().FindField("n")->write_default, Literal(int64_t{1'706'677'443'123'456'789}));
}

TEST(TableMetadataTest, WithoutASnapshotOnlyOldVersionsSayMinusOne) {
  nlohmann::json json = V2();
  for (const char* key : {"snapshots", "snapshot-log", "refs", "current-snapshot-id"}) json.erase(key);
  EXPECT_EQ(Rewritten(json)["current-snapshot-id"], -1);
  json["format-version"] = 3;
  json["next-row-id"] = 0;
  EXPECT_FALSE(Rewritten(json).contains("current-snapshot-id"));
}

TEST(TableMetadataTest, NewerVersionsAreNotSupported) {
  nlohmann::json json = V2();
  json["format-version"] = 4;
  EXPECT_EQ(Parse(json).error().code, ErrorCode::kNotSupported);
  json = V2();
  json["schemas"][1]["fields"][4]["type"] = "variant";
  EXPECT_EQ(Parse(json).error().code, ErrorCode::kNotSupported);
  json = V2();
  json["partition-specs"][1]["fields"][0]["transform"] = "zorder";
  EXPECT_EQ(Parse(json).error().code, ErrorCode::kNotSupported);
}

TEST(TableMetadataTest, V3SourceIdsOfOneColumnAreRead) {
  nlohmann::json json = V3();
  auto& field = json["partition-specs"][1]["fields"][0];
  field.erase("source-id");
  field["source-ids"] = {3};
  EXPECT_EQ(Parse(json)->default_spec().fields[0].source_id, 3);
  field["source-ids"] = {3, 4};
  EXPECT_EQ(Parse(json).error().code, ErrorCode::kNotSupported);
}

void ExpectCorruption(const nlohmann::json& json, const std::string& message) {
  const auto metadata = Parse(json);
  ASSERT_FALSE(metadata.has_value()) << message;
  EXPECT_EQ(metadata.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(metadata.error().message, HasSubstr(message));
}

TEST(TableMetadataTest, MalformedMetadataNamesThePath) {
  EXPECT_EQ(ParseTableMetadata("{\"format-version\": 2").error().code, ErrorCode::kCorruption);
  EXPECT_EQ(ParseTableMetadata("").error().code, ErrorCode::kCorruption);
  ExpectCorruption(nlohmann::json::array(), "table metadata: not an object");
  const std::pair<const char*, const char*> removals[] = {
      {"/table-uuid", "table metadata: member 'table-uuid' is missing"},
      {"/last-sequence-number", "member 'last-sequence-number' is missing"},
      {"/snapshots/1/timestamp-ms", "table metadata.snapshots[1]: member 'timestamp-ms' is missing"},
      {"/schemas/1/fields/2/type/element", "table metadata.schemas[1].fields[2].type: member 'element' is missing"},
      {"/refs/main/type", "table metadata.refs.main: member 'type' is missing"},
      {"/sort-orders/0/fields/0/direction", "sort-orders[0].fields[0]: member 'direction' is missing"},
  };
  for (const auto& [pointer, message] : removals) {
    nlohmann::json json = V2();
    const nlohmann::json::json_pointer path(pointer);
    json[path.parent_pointer()].erase(path.back());
    ExpectCorruption(json, message);
  }
  const std::tuple<const char*, nlohmann::json, const char*> changes[] = {
      {"/format-version", "two", "table metadata.format-version: not an integer"},
      {"/format-version", 0, "format-version 0 does not exist"},
      {"/last-column-id", 3000000000, "last-column-id: larger than 32 bits hold"},
      {"/snapshots/0/snapshot-id", 1.5, "snapshots[0].snapshot-id: not an integer"},
      {"/snapshots/0/snapshot-id", 18446744073709551615ULL, "larger than 64 bits hold"},
      {"/schemas/1/fields/0/type", "int64", "fields[0].type: 'int64' is not an Iceberg type"},
      {"/schemas/1/fields/4/initial-default", "1.5", "initial-default: not a default value of type decimal(9,2)"},
      {"/current-schema-id", 7, "current-schema-id 7 is not among the schemas"},
      {"/default-spec-id", 7, "default-spec-id 7 is not among the specs"},
      {"/default-sort-order-id", 7, "default-sort-order-id 7 is not among the orders"},
      {"/current-snapshot-id", 7, "current-snapshot-id 7 is not among the snapshots"},
      {"/refs/main/snapshot-id", 3051729675574597004, "current-snapshot-id is not the head of branch main"},
      {"/refs/k2i-p/snapshot-id", 7, "ref k2i-p points to snapshot 7"},
      {"/properties", {1, 2}, "table metadata.properties: not an object"},
      {"/snapshots/1/summary/x", nlohmann::json::object(), "snapshots[1].summary.x: not a string"},
  };
  for (const auto& [pointer, value, message] : changes) {
    nlohmann::json json = V2();
    json[nlohmann::json::json_pointer(pointer)] = value;
    ExpectCorruption(json, message);
  }
}

TEST(TableMetadataTest, HostileNestingIsRefused) {
  nlohmann::json type = "int";
  for (int i = 0; i < 300; ++i) {
    type = {{"type", "list"}, {"element-id", i + 10}, {"element", type}, {"element-required", false}};
  }
  nlohmann::json json = V2();
  json["schemas"][1]["fields"][4]["type"] = type;
  ExpectCorruption(json, "types nest too deeply");
}

TEST(TableMetadataTest, MembersThatWeDoNotKnowNestNoDeeperThanTheyCanBeWritten) {
  const auto with_member = [](size_t depth) {
    std::string text = V2().dump();
    text.pop_back();
    return text + R"(,"x":"\"[[","y":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  const auto legal = ParseTableMetadata(with_member(900));
  ASSERT_TRUE(legal.has_value()) << legal.error().message;
  EXPECT_EQ(ParseTableMetadata(TableMetadataJson(*legal))->other, legal->other);
  const auto metadata = ParseTableMetadata(with_member(1'000'000));
  ASSERT_FALSE(metadata.has_value());
  EXPECT_EQ(metadata.error().code, ErrorCode::kCorruption);
  EXPECT_THAT(metadata.error().message, HasSubstr("nested too deeply"));
}

TEST(LiteralJsonTest, DefaultsReadBackAsTheyWere) {
  const std::pair<const char*, nlohmann::json> cases[] = {
      {"boolean", true},
      {"int", 34},
      {"long", 9007199254740993},
      {"float", 1.5},
      {"double", -0.25},
      {"decimal(9,2)", "14.20"},
      {"date", "2017-11-16"},
      {"time", "22:31:08.123456"},
      {"timestamp", "2017-11-16T22:31:08.123456"},
      {"timestamptz", "2017-11-16T22:31:08.123456+00:00"},
      {"timestamp_ns", "1969-12-31T23:59:59.123456789"},
      {"string", "iceberg"},
      {"uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7"},
      {"fixed[4]", "000102FF"},
      {"binary", ""},
  };
  for (const auto& [name, json] : cases) {
    const TypePtr type = *ParsePrimitiveType(name);
    const auto literal = LiteralFromJson(*type, JsonView(json, "x"));
    ASSERT_TRUE(literal.has_value()) << literal.error().message;
    EXPECT_EQ(LiteralToJson(*type, *literal), json) << name;
  }
}

TEST(LiteralJsonTest, RefusesValuesOfOtherTypes) {
  const std::pair<const char*, nlohmann::json> cases[] = {
      {"boolean", 1},         {"int", 3000000000},
      {"int", "1"},           {"float", "1.5"},
      {"float", 1e300},       {"decimal(9,2)", 1.5},
      {"date", "16-11-2017"}, {"date", 17486},
      {"time", "25:00"},      {"time", "01:00:00.1234567"},
      {"timestamp", "now"},   {"timestamptz", "2017-11-16T22:31:08"},
      {"uuid", "f79c"},       {"fixed[4]", "0001"},
      {"binary", "0"},        {"binary", "0g"},
      {"unknown", 1},         {"timestamp_ns", "9999-01-01T00:00:00"},
  };
  for (const auto& [name, json] : cases) {
    const auto literal = LiteralFromJson(**ParsePrimitiveType(name), JsonView(json, "x"));
    ASSERT_FALSE(literal.has_value()) << name << " " << json;
    EXPECT_EQ(literal.error().code, ErrorCode::kCorruption);
  }
}

/// Members of a later specification, of every kind of value, in each object that is not a map of names.
void AddUnknownMembers(nlohmann::json& json, const std::string& key) {
  if (json.is_array()) {
    for (auto& element : json) AddUnknownMembers(element, "");
  }
  if (!json.is_object() || key == "properties" || key == "summary") return;
  for (auto& [name, member] : json.items()) AddUnknownMembers(member, name);
  if (key == "refs") return;
  json["x-number"] = 9007199254740993;
  json["x-share"] = 0.1;
  json["x-null"] = nullptr;
  json["x-list"] = {1, "zwei", {{"drei", false}}};
  json["x-text"] = "ünïcode \"quoted\"";
}

TEST(TableMetadataTest, KeepsMembersThatItDoesNotKnowAtEveryLevel) {
  for (nlohmann::json json : {V2(), V3()}) {
    json["statistics"] = {{{"snapshot-id", 1}, {"statistics-path", "s"}, {"blob-metadata", {{{"type", "t"}}}}}};
    AddUnknownMembers(json, "");
    const nlohmann::json rewritten = Rewritten(json);
    // One by one, for a list of the members at fault. What the writer normalizes is tested above.
    const auto patch = nlohmann::json::diff(json, rewritten);
    for (const auto& step : patch) {
      EXPECT_EQ(step["path"].get<std::string>().find("/x-"), std::string::npos) << step.dump();
    }
    EXPECT_EQ(rewritten["schemas"][1]["fields"][1]["type"]["fields"][0]["x-number"], 9007199254740993);
    EXPECT_EQ(rewritten["sort-orders"][0]["fields"][0]["x-share"], 0.1);
    EXPECT_EQ(Rewritten(rewritten), rewritten);
  }
}

}  // namespace
}  // namespace k2i::iceberg
