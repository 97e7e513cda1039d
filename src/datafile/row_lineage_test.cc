// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_lineage.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datafile/random_rows_testing.h"

namespace k2i::datafile {
namespace {

using testing::ElementsAre;

class RowLineageTest : public ::testing::Test {
 protected:
  /// Row ids and sequence numbers, -1 for null, of rows that stand at 10, 11 and 20 and say those of the second alone.
  std::vector<int64_t> Fill(std::optional<int64_t> first_row_id, std::optional<int64_t> sequence_number) {
    const auto schema = WithRowLineage({.type = iceberg::Type::Struct({})});
    arrow::ArrayVector columns{Said(7), Said(2)};
    const RowLineage lineage(schema, first_row_id, sequence_number);
    EXPECT_TRUE(lineage.Fill(columns, {{10, 2}, {20, 1}}, arrow::default_memory_pool()).has_value());
    std::vector<int64_t> values;
    for (const auto& column : columns) {
      const auto& numbers = static_cast<const arrow::Int64Array&>(*column);
      for (int64_t i = 0; i < 3; ++i) values.push_back(numbers.IsNull(i) ? -1 : numbers.Value(i));
    }
    return values;
  }

 private:
  static std::shared_ptr<arrow::Array> Said(int64_t second) {
    arrow::Int64Builder builder;
    Must(builder.AppendNull());
    Must(builder.Append(second));
    Must(builder.AppendNull());
    return builder.Finish().ValueOrDie();
  }
};

TEST_F(RowLineageTest, RowsInheritWhatTheyDoNotSay) { EXPECT_THAT(Fill(1000, 5), ElementsAre(1010, 7, 1020, 5, 2, 5)); }

TEST_F(RowLineageTest, AFileWithoutRowIdsGivesNone) { EXPECT_THAT(Fill({}, 5), ElementsAre(-1, 7, -1, -1, 2, -1)); }

TEST_F(RowLineageTest, TheMetricsOfItsColumnsAreDropped) {
  iceberg::DataFile file{.value_counts = {{1, 3}, {2'147'483'540, 3}}, .upper_bounds = {{2'147'483'539, "x"}}};
  DropLineageMetrics(file);
  EXPECT_THAT(file.value_counts, ElementsAre(std::pair(1, 3)));
  EXPECT_TRUE(file.upper_bounds.empty());
}

}  // namespace
}  // namespace k2i::datafile
