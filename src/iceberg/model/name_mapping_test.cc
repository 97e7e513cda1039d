// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/name_mapping.h"

#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

TEST(NameMappingTest, ReadsWhatTheSchemaSays) {
  const auto of = [](TypeId id) { return Type::Primitive(id); };
  const Schema schema{
      .type = Type::Struct(
          {{.field_id = 1, .name = "id", .type = of(TypeId::kLong)},
           {.field_id = 2, .name = "tags", .type = Type::List({.field_id = 3, .type = of(TypeId::kString)})}})};
  const auto mapping = ParseNameMapping(NameMappingJson(schema));
  ASSERT_TRUE(mapping.has_value()) << mapping.error().ToString();
  ASSERT_NE(FindMapped(*mapping, "tags"), nullptr);
  EXPECT_EQ(FindMapped(*mapping, "tags")->field_id, 2);
  EXPECT_EQ(FindMapped(FindMapped(*mapping, "tags")->fields, "element")->field_id, 3);
  EXPECT_EQ(FindMapped(*mapping, "nothing"), nullptr);
}

TEST(NameMappingTest, FieldsMayHaveSeveralNamesOrNoId) {
  const auto mapping = ParseNameMapping(R"([{"field-id": 1, "names": ["id", "record_id"]}, {"names": ["junk"]}])");
  ASSERT_TRUE(mapping.has_value());
  EXPECT_EQ(FindMapped(*mapping, "record_id")->field_id, 1);
  EXPECT_EQ(FindMapped(*mapping, "junk")->field_id, std::nullopt);
}

TEST(NameMappingTest, MalformedMappingsAreCorrupt) {
  for (const char* text : {"", "{}", R"([{"field-id": "1"}])", R"([{"names": "a"}])"}) {
    EXPECT_EQ(ParseNameMapping(text).error().code, ErrorCode::kCorruption) << text;
  }
  TableMetadata table;
  EXPECT_EQ(NameMappingOf(table).value(), std::nullopt);
  table.properties[kNameMappingProperty] = "[";
  EXPECT_NE(NameMappingOf(table).error().message.find(kNameMappingProperty), std::string::npos);
}

}  // namespace
}  // namespace k2i::iceberg
