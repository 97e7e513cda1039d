// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

TEST(HiveColumnsTest, NamesTheTypesAsHiveDoes) {
  const TypePtr text = Type::Primitive(TypeId::kString);
  EXPECT_EQ(HiveType(*Type::Primitive(TypeId::kLong)), "bigint");
  EXPECT_EQ(HiveType(*Type::Primitive(TypeId::kTimestamp)), "timestamp");
  EXPECT_EQ(HiveType(*Type::Primitive(TypeId::kTimestampTz)), "timestamp with local time zone");
  EXPECT_EQ(HiveType(*Type::Primitive(TypeId::kUuid)), "string");
  EXPECT_EQ(HiveType(*Type::Fixed(4)), "binary");
  EXPECT_EQ(HiveType(*Type::Decimal(9, 2)), "decimal(9,2)");
  EXPECT_EQ(HiveType(*Type::List({1, "element", Type::Struct({{2, "A", text}, {3, "b", text}})})),
            "array<struct<a:string,b:string>>");
  EXPECT_EQ(HiveType(*Type::Map({1, "key", text, false}, {2, "value", Type::Primitive(TypeId::kInt)})),
            "map<string,int>");
}

TEST(HiveColumnsTest, FitsWhatTheMetastoreHolds) {
  const TypePtr text = Type::Primitive(TypeId::kString);
  const std::string doc = std::string(255, 'x') + "\xc3\xa4";
  const Schema schema{.type =
                          Type::Struct({{1, "Id", text, true, doc}, {2, "iD", text}, {3, "b", text, true, "short"}})};
  EXPECT_THAT(HiveColumns(schema), testing::ElementsAre(HiveColumn{"id", "string", std::string(255, 'x')},
                                                        HiveColumn{"b", "string", "short"}));
}

}  // namespace
}  // namespace k2i::iceberg
