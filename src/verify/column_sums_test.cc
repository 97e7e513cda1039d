// SPDX-License-Identifier: Apache-2.0
#include "verify/column_sums.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::verify {
namespace {

using iceberg::Type;
using iceberg::TypeId;

TEST(ColumnSumsTest, AddsUpEveryNumericColumn) {
  const iceberg::Schema schema{.type = Type::Struct({{1, "i", Type::Primitive(TypeId::kInt)},
                                                     {2, "text", Type::Primitive(TypeId::kString)},
                                                     {3, "l", Type::Primitive(TypeId::kLong)},
                                                     {4, "d", Type::Primitive(TypeId::kDouble)},
                                                     {5, "price", Type::Decimal(9, 2)}})};
  ColumnSums sums(schema);
  ASSERT_EQ(sums.columns().fields().size(), 4u);
  arrow::Int32Builder i;
  arrow::Int64Builder l;
  arrow::DoubleBuilder d;
  arrow::Decimal128Builder price(arrow::decimal128(9, 2));
  datafile::Must(i.AppendValues({1, -2, 2147483647}));
  datafile::Must(i.AppendNull());
  datafile::Must(l.AppendValues({9223372036854775807, 9223372036854775807, 3, 0}));
  datafile::Must(d.AppendValues({1e16, 1, -1e16, -1}));
  for (const int64_t cents : {-150, 5, 10'000}) datafile::Must(price.Append(arrow::Decimal128(cents)));
  datafile::Must(price.AppendNull());
  const auto batch = arrow::RecordBatch::Make(
      iceberg::ToArrowSchema(sums.columns()).value(), 4,
      {i.Finish().ValueOrDie(), l.Finish().ValueOrDie(), d.Finish().ValueOrDie(), price.Finish().ValueOrDie()});
  ASSERT_TRUE(sums.Add(*batch, arrow::default_memory_pool()).has_value());
  ASSERT_TRUE(sums.Add(*batch->Slice(0, 1), arrow::default_memory_pool()).has_value());
  const auto found = sums.Result();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].name, "i");
  EXPECT_EQ(found[0].count, 4);
  EXPECT_EQ(found[0].sum, "2147483647");
  EXPECT_EQ(found[1].sum, "27670116110564327424");  // past 64 bits
  EXPECT_EQ(found[2].sum, "1e+16");                 // plain addition would have lost the 1
  EXPECT_EQ(found[3].type, "decimal(9,2)");
  EXPECT_EQ(found[3].count, 4);
  EXPECT_EQ(found[3].sum, "97.05");
}

TEST(ColumnSumsTest, ReachesIntoStructsButNotIntoListsAndMaps) {
  const auto schema = datafile::AllTypesSchema(3);
  ColumnSums sums(schema);
  datafile::RandomRows random(3);
  ASSERT_TRUE(sums.Add(*random.Batch(sums.columns(), 100), arrow::default_memory_pool()).has_value());
  std::vector<std::string> names;
  for (const auto& sum : sums.Result()) names.push_back(sum.name);
  EXPECT_EQ(names, (std::vector<std::string>{"small", "big", "ratio", "score", "price9", "price18", "price38",
                                             "user.address.zip", "user.weight"}));
}

}  // namespace
}  // namespace k2i::verify
