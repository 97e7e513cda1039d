// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/partition_key.h"

#include <gtest/gtest.h>

#include <cmath>

namespace k2i::iceberg {
namespace {

void ExpectOrdered(const std::vector<Literal>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < values.size(); ++j) {
      EXPECT_EQ(PartitionKey({values[i]}) < PartitionKey({values[j]}), i < j) << i << " " << j;
    }
  }
}

TEST(PartitionKeyTest, StandsInTheOrderOfTheValues) {
  ExpectOrdered({Literal(), int32_t{-5}, int32_t{-1}, int32_t{0}, int32_t{7}});
  ExpectOrdered({Literal(), INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX});
  ExpectOrdered({-INFINITY, -2.5, -0.0, 0.0, 1e-300, 2.5, double{INFINITY}, double{NAN}});
  ExpectOrdered({Literal(), std::string(), std::string("a"), std::string("a\0", 2), std::string("a\0b", 3),
                 std::string("ab"), std::string("b")});
  ExpectOrdered({Decimal128{-3}, Decimal128{0}, Decimal128{Decimal128::Rep{1} << 70}});
}

TEST(PartitionKeyTest, NoTextRunsIntoTheNextField) {
  EXPECT_NE(PartitionKey({std::string("a"), std::string("bc")}), PartitionKey({std::string("ab"), std::string("c")}));
  EXPECT_NE(PartitionKey({std::string("a"), Literal()}), PartitionKey({Literal(), std::string("a")}));
  EXPECT_EQ(PartitionKey({double{NAN}}), PartitionKey({-double{NAN}}));
  EXPECT_EQ(PartitionKey({}), "");
}

}  // namespace
}  // namespace k2i::iceberg
