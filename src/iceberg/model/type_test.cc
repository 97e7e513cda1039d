// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/type.h"

#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

TypePtr Long() { return Type::Primitive(TypeId::kLong); }

TEST(TypeTest, PrimitiveNamesReadBackAsThemselves) {
  for (const std::string name :
       {"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz", "timestamp_ns",
        "timestamptz_ns", "string", "uuid", "binary", "unknown", "decimal(38,0)", "decimal(9,2)", "fixed[16]"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_TRUE(type.has_value()) << name;
    EXPECT_EQ((*type)->ToString(), name);
  }
}

TEST(TypeTest, DecimalAndFixedMayHoldSpaces) {
  EXPECT_EQ((*ParsePrimitiveType("decimal(9, 2)"))->scale(), 2);
  EXPECT_EQ((*ParsePrimitiveType("decimal( 9 , 2 )"))->precision(), 9);
  EXPECT_EQ((*ParsePrimitiveType("fixed[ 4 ]"))->length(), 4);
}

TEST(TypeTest, RefusesWhatIsNotAType) {
  for (const std::string name : {"", "Long", "decimal", "decimal()", "decimal(9)", "decimal(39,2)", "decimal(0,0)",
                                 "decimal(2,3)", "decimal(9,2)x", "decimal(9,-2)", "fixed", "fixed[]", "fixed[-1]",
                                 "fixed[4", "decimal(99999999999,2)", "list<int>"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_FALSE(type.has_value()) << name;
    EXPECT_EQ(type.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(TypeTest, NestedTypesPrint) {
  const TypePtr list = Type::List({.field_id = 3, .type = Long(), .optional = false});
  const TypePtr map = Type::Map({.field_id = 4, .type = Type::Primitive(TypeId::kString)},
                                {.field_id = 5, .type = Type::Decimal(9, 2)});
  const TypePtr type = Type::Struct({{.field_id = 1, .name = "tags", .type = list},
                                     {.field_id = 2, .name = "prices", .type = map, .optional = false}});
  EXPECT_EQ(type->ToString(), "struct<1: tags: optional list<long>, 2: prices: required map<string, decimal(9,2)>>");
  EXPECT_EQ(list->fields()[0].name, "element");
  EXPECT_FALSE(map->fields()[0].optional);
}

TEST(TypeTest, EqualsComparesIdsNamesAndNullability) {
  const auto with = [](int32_t id, std::string name, bool optional) {
    return Type::Struct({{.field_id = id, .name = std::move(name), .type = Long(), .optional = optional}});
  };
  EXPECT_TRUE(with(1, "a", true)->Equals(*with(1, "a", true)));
  EXPECT_FALSE(with(1, "a", true)->Equals(*with(2, "a", true)));
  EXPECT_FALSE(with(1, "a", true)->Equals(*with(1, "b", true)));
  EXPECT_FALSE(with(1, "a", true)->Equals(*with(1, "a", false)));
  EXPECT_FALSE(Type::Decimal(9, 2)->Equals(*Type::Decimal(9, 3)));
  EXPECT_FALSE(Type::Fixed(4)->Equals(*Type::Fixed(5)));
}

TEST(TypeTest, NanosecondsAndUnknownNeedVersion3) {
  EXPECT_EQ(MinFormatVersion(*Long()), 1);
  EXPECT_EQ(MinFormatVersion(*Type::Primitive(TypeId::kTimestampNs)), 3);
  EXPECT_EQ(MinFormatVersion(*Type::Primitive(TypeId::kUnknown)), 3);
  const TypePtr list = Type::List({.type = Type::Primitive(TypeId::kTimestampTzNs)});
  EXPECT_EQ(MinFormatVersion(*Type::Struct({{.name = "a", .type = Long()}, {.name = "b", .type = list}})), 3);
}

}  // namespace
}  // namespace k2i::iceberg
