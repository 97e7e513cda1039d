// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_keys.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>

#include "datafile/random_rows_testing.h"
#include "iceberg/model/arrow_schema.h"

namespace k2i::datafile {
namespace {

using iceberg::Literal;
using iceberg::NestedField;

bool SameValue(const Literal& a, const Literal& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x != nullptr && y != nullptr)
    return (std::isnan(*x) && std::isnan(*y)) || (*x == *y && std::signbit(*x) == std::signbit(*y));
  const auto* v = std::get_if<float>(&a);
  const auto* w = std::get_if<float>(&b);
  if (v != nullptr && w != nullptr)
    return (std::isnan(*v) && std::isnan(*w)) || (*v == *w && std::signbit(*v) == std::signbit(*w));
  return a == b;
}

TEST(RowKeysTest, KeysAreTheSameWhenValuesAre) {
  const auto schema = AllTypesSchema(3);
  RandomRows random(5);
  random.distinct = 4;
  const auto rows = random.Batch(schema, 80)->Slice(13);
  int columns = 0;
  for (int c = 0; c < rows->num_columns(); ++c) {
    const NestedField& field = schema.fields()[static_cast<size_t>(c)];
    const std::vector<int> column{c};
    if (field.type->is_nested()) {
      EXPECT_EQ(RowKeys::Make(*rows, column).error().code, ErrorCode::kNotSupported);
      continue;
    }
    ++columns;
    const auto keys = RowKeys::Make(*rows, column);
    ASSERT_TRUE(keys.has_value()) << field.name << keys.error().ToString();
    std::string left, right;
    for (int64_t i = 0; i < rows->num_rows(); ++i) {
      keys->Write(i, left);
      for (int64_t j = 0; j < rows->num_rows(); ++j) {
        keys->Write(j, right);
        const bool same =
            SameValue(LiteralAt(*rows->column(c), *field.type, i), LiteralAt(*rows->column(c), *field.type, j));
        ASSERT_EQ(left == right, same) << field.name << " " << i << " " << j;
      }
    }
  }
  EXPECT_GT(columns, 12);
}

TEST(RowKeysTest, ValuesOfSeveralColumnsDoNotRunTogether) {
  const auto text = [](const std::vector<std::string>& values) {
    arrow::StringBuilder builder;
    Must(builder.AppendValues(values));
    return builder.Finish().ValueOrDie();
  };
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::utf8())}), 2,
                               {text({"ab", "a"}), text({"c", "bc"})});
  const auto keys = RowKeys::Make(*rows, std::vector<int>{0, 1}).value();
  std::string first, second;
  keys.Write(0, first);
  keys.Write(1, second);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace k2i::datafile
