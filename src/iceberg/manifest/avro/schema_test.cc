// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::iceberg::avro {
namespace {

ErrorCode CodeOf(std::string_view json) {
  const auto result = ParseSchema(json);
  return result.has_value() ? ErrorCode::kInternal : result.error().code;
}

TEST(AvroSchemaTest, WritesIcebergAttributes) {
  const TypePtr type = Record("entry", {{"id", Primitive(Kind::kLong), 1, "Row id"},
                                        {"day", Optional(Primitive(Kind::kInt, "date")), 2},
                                        {"at", Timestamp(false, true), 3},
                                        {"price", Decimal("decimal_9_2", 4, 9, 2), 4},
                                        {"tags", Array(Primitive(Kind::kString), 6), 5, "", "t-ags"}});
  EXPECT_EQ(
      SchemaJson(*type),
      R"({"type":"record","name":"entry","fields":[)"
      R"({"name":"id","type":"long","doc":"Row id","field-id":1},)"
      R"({"name":"day","type":["null",{"type":"int","logicalType":"date"}],"default":null,"field-id":2},)"
      R"({"name":"at","type":{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true},"field-id":3},)"
      R"({"name":"price","type":{"type":"fixed","name":"decimal_9_2","size":4,"logicalType":"decimal",)"
      R"("precision":9,"scale":2},"field-id":4},)"
      R"({"name":"tags","type":{"type":"array","items":"string","element-id":6},"iceberg-field-name":"t-ags",)"
      R"("field-id":5}]})");
}

TEST(AvroSchemaTest, ReadsWhatItWrites) {
  const TypePtr type = Record("r", {{"at", Optional(Timestamp(true, false)), 7},
                                    {"id", Fixed("uuid_fixed", 16, "uuid"), 8},
                                    {"m", Array(Record("k1_v2", {{"key", Primitive(Kind::kInt), 1}}), {}, "map"), 9}});
  const auto parsed = ParseSchema(SchemaJson(*type));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
  EXPECT_EQ((*parsed)->FieldIndex(8), 1);
  EXPECT_EQ((*parsed)->FieldIndex(10), -1);
  const Type* at = NonNull(*(*parsed)->fields[0].type);
  ASSERT_NE(at, nullptr);
  EXPECT_EQ(at->logical_type, "timestamp-nanos");
  EXPECT_EQ(at->adjust_to_utc, false);
  EXPECT_EQ((*parsed)->fields[1].type->size, 16);
  EXPECT_EQ((*parsed)->fields[2].type->logical_type, "map");
  EXPECT_EQ((*parsed)->depth, type->depth);
}

TEST(AvroSchemaTest, ResolvesNamesAndWrappedTypes) {
  const auto parsed = ParseSchema(R"({"type":"record","name":"a.b.top","fields":[
      {"name":"x","type":{"type":"fixed","name":"f","namespace":"a.b","size":3}},
      {"name":"y","type":"a.b.f"}, {"name":"z","type":{"type":"f"}},
      {"name":"w","type":{"type":{"type":"bytes"},"logicalType":"decimal","precision":5,"scale":1}}]})");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().ToString();
  EXPECT_EQ((*parsed)->fields[1].type->size, 3);
  EXPECT_EQ((*parsed)->fields[2].type->size, 3);
  EXPECT_EQ((*parsed)->fields[3].type->kind, Kind::kBytes);
  EXPECT_EQ((*parsed)->fields[3].type->precision, 5);
}

TEST(AvroSchemaTest, RefusesWhatIsNoSchema) {
  for (const char* json :
       {"", "{", "7", "[]", "{}", R"("longer")", R"({"type":"record"})", R"({"type":"record","fields":[7]})",
        R"({"type":"fixed","name":"f"})", R"({"type":"fixed","name":"f","size":-1})",
        R"({"type":"fixed","name":"f","size":9999999999})", R"({"type":"array"})", R"({"type":"enum","name":"e"})",
        R"([["null","int"]])", R"({"type":"record","name":"r","fields":[{"name":"a","type":"int","field-id":"1"}]})",
        // Recursive: a value of it could be of any depth.
        R"({"type":"record","name":"r","fields":[{"name":"next","type":["null","r"]}]})"}) {
    EXPECT_EQ(CodeOf(json), ErrorCode::kCorruption) << json;
  }
}

TEST(AvroSchemaTest, BoundsNesting) {
  const auto nested = [](int depth) {
    std::string json = "\"int\"";
    for (int i = 1; i < depth; ++i) json = R"({"type":"array","items":)" + json + "}";
    return json;
  };
  EXPECT_TRUE(ParseSchema(nested(kMaxSchemaDepth)).has_value());
  EXPECT_EQ(CodeOf(nested(kMaxSchemaDepth + 1)), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(std::string(1'000'000, '[')), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(std::string(100'000, '[') + std::string(100'000, ']')), ErrorCode::kCorruption);
}

TEST(AvroSchemaTest, BoundsNestingThroughNames) {
  std::string json = R"(["null",{"type":"record","name":"r0","fields":[]})";
  for (int i = 1; i < 100; ++i) {
    const std::string below = "r" + std::to_string(i - 1);
    json +=
        R"(,{"type":"record","name":"r)" + std::to_string(i) + R"(","fields":[{"name":"a","type":")" + below + "\"}]}";
  }
  EXPECT_EQ(CodeOf(json + "]"), ErrorCode::kCorruption);
}

TEST(AvroSchemaTest, FindsTheOneBranchBesideNull) {
  EXPECT_EQ(NonNull(*Optional(Primitive(Kind::kInt)))->kind, Kind::kInt);
  EXPECT_EQ(NonNull(*Primitive(Kind::kInt))->kind, Kind::kInt);
  EXPECT_EQ(NonNull(**ParseSchema(R"(["int","string"])")), nullptr);
  EXPECT_EQ(NonNull(**ParseSchema(R"(["null"])")), nullptr);
}

}  // namespace
}  // namespace k2i::iceberg::avro
