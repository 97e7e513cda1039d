// SPDX-License-Identifier: Apache-2.0
#include "maintenance/row_sort.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"
#include "iceberg/model/partition_key.h"

namespace k2i::maintenance {
namespace {

using datafile::Must;
using iceberg::Transform;
using iceberg::TransformKind;
using iceberg::Type;
using iceberg::TypeId;

iceberg::SortOrder Order(std::vector<iceberg::SortField> fields) {
  return {.order_id = 1, .fields = std::move(fields)};
}

/// The rows of column `index` after sorting, as literals.
std::vector<iceberg::Literal> Column(const arrow::RecordBatchVector& batches, const iceberg::Schema& schema,
                                     int index) {
  std::vector<iceberg::Literal> values;
  for (const auto& batch : batches) {
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      values.push_back(
          datafile::LiteralAt(*batch->column(index), *schema.fields()[static_cast<size_t>(index)].type, i));
    }
  }
  return values;
}

TEST(RowSortTest, NanIsTheLargestNumberAndNullsGoWhereTheyAreSaidTo) {
  const iceberg::Schema schema{.type = Type::Struct({{1, "x", Type::Primitive(TypeId::kDouble)}})};
  arrow::DoubleBuilder builder;
  for (const double x : {2.0, double{NAN}, -1.0}) Must(builder.Append(x));
  Must(builder.AppendNull());
  const auto rows = arrow::RecordBatch::Make(*iceberg::ToArrowSchema(schema), 4, {*builder.Finish()});
  const auto sorted = [&](bool ascending, bool nulls_first) {
    const auto result =
        SortRows({rows}, schema, Order({{{}, 1, ascending, nulls_first}}), 3, arrow::default_memory_pool());
    EXPECT_EQ(result->size(), 2u);
    std::string text;
    for (const auto& value : Column(*result, schema, 0)) {
      const auto* number = std::get_if<double>(&value);
      text += number == nullptr     ? "null "
              : std::isnan(*number) ? "nan "
                                    : std::to_string(static_cast<int>(*number)) + " ";
    }
    return text;
  };
  EXPECT_EQ(sorted(true, true), "null -1 2 nan ");
  EXPECT_EQ(sorted(true, false), "-1 2 nan null ");
  EXPECT_EQ(sorted(false, true), "null nan 2 -1 ");
  EXPECT_EQ(sorted(false, false), "nan 2 -1 null ");
}

/// Sorts random rows by columns and transforms of every type, and compares neighbours by their literals.
TEST(RowSortTest, SortsEveryTypeAndTransform) {
  const iceberg::Schema schema = datafile::AllTypesSchema(2);
  datafile::RandomRows random(11);
  int orders = 0;
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const auto& field = schema.fields()[i];
    for (const auto& transform : {Transform{}, Transform{TransformKind::kBucket, 4},
                                  Transform{TransformKind::kTruncate, 3}, Transform{TransformKind::kDay}}) {
      if (field.type->is_nested() || !transform.ResultType(field.type)) continue;
      const bool ascending = orders % 2 == 0, nulls_first = orders % 3 == 0;
      ++orders;
      const auto sorted =
          SortRows({random.Batch(schema, 150), random.Batch(schema, 0), random.Batch(schema, 150)}, schema,
                   Order({{transform, field.field_id, ascending, nulls_first}}), 64, arrow::default_memory_pool());
      ASSERT_TRUE(sorted.has_value()) << field.name << " " << sorted.error().ToString();
      ASSERT_EQ(sorted->size(), 5u);
      std::vector<std::string> keys;
      for (const auto& value : Column(*sorted, schema, static_cast<int>(i))) {
        const auto transformed = transform.Apply(*field.type, value);
        keys.push_back(is_null(transformed) ? "" : iceberg::PartitionKey({transformed}));
      }
      const auto nulls = static_cast<std::ptrdiff_t>(std::ranges::count(keys, ""));
      auto begin = keys.begin(), end = keys.end();
      (nulls_first ? begin : end) += nulls_first ? nulls : -nulls;
      EXPECT_EQ(std::count(begin, end, ""), 0) << field.name;
      // -0.0 and 0.0 are equal to Arrow.
      if (field.type->id() == TypeId::kFloat || field.type->id() == TypeId::kDouble) continue;
      if (!ascending) std::reverse(begin, end);
      EXPECT_TRUE(std::is_sorted(begin, end)) << field.name << " " << transform.ToString();
    }
  }
  EXPECT_GT(orders, 20);
}

TEST(RowSortTest, RowsThatAreEqualStayInTheirOrder) {
  const iceberg::Schema schema{.type = Type::Struct({{1, "a", Type::Primitive(TypeId::kLong)},
                                                     {2, "b", Type::Primitive(TypeId::kLong)},
                                                     {3, "place", Type::Primitive(TypeId::kLong)}})};
  arrow::Int64Builder a, b, place;
  for (int64_t i = 0; i < 1000; ++i) {
    Must(a.Append(i * 7919 % 5));
    Must(b.Append(i * 104729 % 4));
    Must(place.Append(i));
  }
  const auto rows =
      arrow::RecordBatch::Make(*iceberg::ToArrowSchema(schema), 1000, {*a.Finish(), *b.Finish(), *place.Finish()});
  const auto sorted =
      SortRows({rows}, schema, Order({{{}, 1, true, true}, {{TransformKind::kBucket, 2}, 2, false, true}}), 1000,
               arrow::default_memory_pool());
  ASSERT_TRUE(sorted.has_value());
  const auto firsts = Column(*sorted, schema, 0), seconds = Column(*sorted, schema, 1),
             places = Column(*sorted, schema, 2);
  const Transform bucket{TransformKind::kBucket, 2};
  const Type& type = *schema.fields()[1].type;
  for (size_t i = 1; i < firsts.size(); ++i) {
    ASSERT_LE(firsts[i - 1], firsts[i]);
    if (firsts[i - 1] != firsts[i]) continue;
    ASSERT_GE(bucket.Apply(type, seconds[i - 1]), bucket.Apply(type, seconds[i]));
    const bool equal = bucket.Apply(type, seconds[i - 1]) == bucket.Apply(type, seconds[i]);
    ASSERT_TRUE(!equal || places[i - 1] < places[i]);
  }
}

TEST(RowSortTest, RefusesAColumnThatIsNotThere) {
  const iceberg::Schema schema = datafile::AllTypesSchema(2);
  const auto sorted = SortRows({datafile::RandomRows(1).Batch(schema, 3)}, schema, Order({{{}, 999, true, true}}), 10,
                               arrow::default_memory_pool());
  ASSERT_FALSE(sorted.has_value());
  EXPECT_EQ(sorted.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace k2i::maintenance
