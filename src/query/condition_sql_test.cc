// SPDX-License-Identifier: Apache-2.0
#include "query/condition_sql.h"

#include <gtest/gtest.h>

#include "query/file_condition.h"

namespace k2i::query {
namespace {

using iceberg::Type;
using iceberg::TypeId;

iceberg::Schema Columns() {
  return {.type = Type::Struct({{1, "id", Type::Primitive(TypeId::kLong)},
                                {2, "day", Type::Primitive(TypeId::kDate)},
                                {3, "a`b\"c", Type::Primitive(TypeId::kString)},
                                {4, "at", Type::Primitive(TypeId::kTimestampTz)},
                                {5, "local", Type::Primitive(TypeId::kTimestamp)},
                                {6, "price", Type::Decimal(9, 2)},
                                {7, "ratio", Type::Primitive(TypeId::kFloat)},
                                {8, "good", Type::Primitive(TypeId::kBoolean)},
                                {9, "key", Type::Primitive(TypeId::kUuid)}})};
}

std::string Sql(const std::string& text, SqlDialect dialect) {
  const auto condition = FileCondition::Parse(text);
  if (!condition) return condition.error().ToString();
  const auto sql = condition->ToSql(Columns(), dialect);
  return sql ? *sql : sql.error().ToString();
}

std::string Spark(const std::string& text) { return Sql(text, SqlDialect::kSpark); }
std::string Trino(const std::string& text) { return Sql(text, SqlDialect::kTrino); }

TEST(ConditionSqlTest, ConstantsAreOfTheirColumnsTypes) {
  EXPECT_EQ(Spark("ID = '5'"), "`id` = 5");
  EXPECT_EQ(Spark("-9223372036854775808 < id"), "`id` > -9223372036854775808");
  EXPECT_EQ(Spark("day >= '2024-01-31'"), "`day` >= DATE '2024-01-31'");
  EXPECT_EQ(Spark("\"at\" < '2024-01-31T12:30:00.5+00:00'"), "`at` < TIMESTAMP '2024-01-31 12:30:00.500000 UTC'");
  EXPECT_EQ(Spark("local <= DATE '2024-01-31'"), "`local` <= TIMESTAMP_NTZ '2024-01-31 00:00:00.000000'");
  EXPECT_EQ(Spark("price = 1.5"), "`price` = CAST('1.50' AS DECIMAL(9, 2))");
  EXPECT_EQ(Spark("good = true"), "`good` = true");
  EXPECT_EQ(Spark("key = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'"), "`key` = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'");
  EXPECT_EQ(Trino("day >= '2024-01-31'"), "\"day\" >= DATE '2024-01-31'");
  EXPECT_EQ(Trino("\"at\" < '2024-01-31'"), "\"at\" < TIMESTAMP '2024-01-31 00:00:00.000000 UTC'");
  EXPECT_EQ(Trino("local > '2024-01-31'"), "\"local\" > TIMESTAMP '2024-01-31 00:00:00.000000'");
  EXPECT_EQ(Trino("key = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'"),
            "\"key\" = UUID 'f79c3e09-677c-4bbd-a479-3f349cb785e7'");
}

TEST(ConditionSqlTest, WhatIsNotExactIsWider) {
  EXPECT_EQ(Spark("id > 1.5"), "`id` >= 1");
  EXPECT_EQ(Spark("id < 1.5"), "`id` <= 2");
  EXPECT_EQ(Spark("id IN (1, 2.5)"), "`id` = 1 OR (`id` BETWEEN 2 AND 3)");
  EXPECT_EQ(Spark("ratio > 0"), "`ratio` >= CAST('-1e-30' AS FLOAT)");
}

TEST(ConditionSqlTest, JoinsAndNulls) {
  EXPECT_EQ(Spark("id BETWEEN 1 AND 2 AND (day IS NULL OR day IS NOT NULL)"),
            "(`id` BETWEEN 1 AND 2) AND ((`day` IS NULL) OR (`day` IS NOT NULL))");
}

TEST(ConditionSqlTest, NothingLeavesItsQuotes) {
  const std::string text = R"("a`b""c" = 'it''s \ ${env:X}')";
  EXPECT_EQ(Spark(text), R"(`a``b"c` = 'it\'s \\ \u0024{env:X}')");
  EXPECT_EQ(Trino(text), R"("a`b""c" = 'it''s \ ${env:X}')");
}

TEST(ConditionSqlTest, SaysWhatItCannotDo) {
  const auto unknown = FileCondition::Parse("nosuch = 1")->ToSql(Columns(), SqlDialect::kSpark);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(Spark("id = 'x'").find("column id is of type long"), std::string::npos);
  EXPECT_FALSE(ConditionSql({}, Columns(), SqlDialect::kSpark).has_value());
}

}  // namespace
}  // namespace k2i::query
