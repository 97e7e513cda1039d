// SPDX-License-Identifier: Apache-2.0
#include "query/file_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using testing::HasSubstr;

iceberg::TableMetadata Table() {
  iceberg::TableMetadata table;
  table.schemas = {{.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                          {2, "day", Type::Primitive(TypeId::kDate)},
                                          {3, "name", Type::Primitive(TypeId::kString)},
                                          {4, "at", Type::Primitive(TypeId::kTimestampTz)}})}};
  table.partition_specs = {{.spec_id = 0, .fields = {{3, 1000, "name", {}}}}};
  return table;
}

/// Of partition name = 'a', with ids from 10 to 20, no day, and at from 2024-01-31 12:00 to 13:00 UTC.
iceberg::DataFile File() {
  const auto bytes = [](int64_t value) { return iceberg::SerializeLiteral(*Type::Primitive(TypeId::kLong), value); };
  const int64_t noon = 1'706'702'400'000'000;
  return {.partition = {std::string("a")},
          .record_count = 5,
          .value_counts = {{1, 5}, {2, 5}},
          .null_value_counts = {{1, 0}, {2, 5}},
          .lower_bounds = {{1, bytes(10)}, {4, bytes(noon)}},
          .upper_bounds = {{1, bytes(20)}, {4, bytes(noon + 3'600'000'000)}}};
}

bool Chooses(const std::string& text) {
  const auto table = Table();
  const auto condition = FileCondition::Parse(text);
  EXPECT_TRUE(condition.has_value()) << condition.error().ToString();
  if (!condition) return false;
  const auto predicate = condition->In(table.current_schema());
  EXPECT_TRUE(predicate.has_value()) << predicate.error().ToString();
  return predicate && MayHaveRows(*predicate, File(), table);
}

std::string ErrorOf(const std::string& text) {
  const auto condition = FileCondition::Parse(text);
  if (!condition) {
    EXPECT_EQ(condition.error().code, ErrorCode::kInvalidArgument);
    return condition.error().ToString();
  }
  const auto predicate = condition->In(Table().current_schema());
  EXPECT_FALSE(predicate.has_value()) << text;
  return predicate ? "" : predicate.error().message;
}

TEST(FileConditionTest, ChoosesByBoundsAndPartitions) {
  EXPECT_TRUE(Chooses("id = 15"));
  EXPECT_TRUE(Chooses("id >= 20 AND name = 'a'"));
  EXPECT_TRUE(Chooses("ID BETWEEN 0 AND 10 -- from the beginning"));
  EXPECT_TRUE(Chooses("id IN (1, 12) OR name = 'b'"));
  EXPECT_TRUE(Chooses("day IS NULL"));
  EXPECT_TRUE(Chooses("\"at\" >= TIMESTAMPTZ '2024-01-31 12:30:00+00:00'"));
  EXPECT_FALSE(Chooses("\"at\" > '2024-02-01T00:00:00Z'"));
  EXPECT_FALSE(Chooses("id > 20 AND id > 30"));
  EXPECT_FALSE(Chooses("21 <= id"));
  EXPECT_FALSE(Chooses("name = 'b'"));
  EXPECT_FALSE(Chooses("name IN ('b', 'c')"));
  EXPECT_FALSE(Chooses("day IS NOT NULL"));
  EXPECT_FALSE(Chooses("day >= '2024-01-31'"));
}

TEST(FileConditionTest, SaysWhatItCannotDo) {
  EXPECT_THAT(ErrorOf("nosuch = 1"), HasSubstr("no column nosuch; it has id, day, name, at"));
  EXPECT_THAT(ErrorOf("id = 'x'"), HasSubstr("column id is of type long"));
  EXPECT_THAT(ErrorOf("id = 1 AND length(name) = 3"), HasSubstr("compares columns with constants"));
  EXPECT_THAT(ErrorOf("id <> 1"), HasSubstr("compares columns with constants"));
  EXPECT_THAT(ErrorOf("NOT id = 1"), HasSubstr("compares columns with constants"));
  EXPECT_THAT(ErrorOf("true"), HasSubstr("compares columns with constants"));
  EXPECT_THAT(ErrorOf("id ="), HasSubstr("condition \"id =\""));
  EXPECT_THAT(ErrorOf(""), HasSubstr("condition"));
  EXPECT_THAT(ErrorOf("id = 1); DROP TABLE files; SELECT (1"), HasSubstr("condition"));
  EXPECT_THAT(ErrorOf("id IN (SELECT 1 FROM files)"), HasSubstr("condition"));
}

}  // namespace
}  // namespace k2i::query
