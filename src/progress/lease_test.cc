// SPDX-License-Identifier: Apache-2.0
#include "progress/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::progress {
namespace {

TEST(Lease, IsReadAsItWasWritten) {
  const Lease one{"a", 7, 1'000}, two{"b", INT64_MAX, 2'000};
  iceberg::TableMetadata table;
  table.properties = {{LeasePropertyName("a"), LeaseJson(one)},
                      {LeasePropertyName("b"), LeaseJson(two)},
                      {"k2i.lease", "not one"},
                      {"k2i.leases", "nor this"}};
  const auto read = ReadLeases(table);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_THAT(*read, testing::ElementsAre(one, two));
  EXPECT_EQ(LeaseJson(one), R"({"snapshot":7,"until_ms":1000})");
}

TEST(Lease, ThatCannotBeReadIsAnError) {
  for (const char* text : {"", "{}", "[]", R"({"snapshot":7})", R"({"snapshot":"7","until_ms":1})",
                           R"({"snapshot":1e300,"until_ms":1})", R"({"snapshot":7,"until_ms":1.5})"}) {
    iceberg::TableMetadata table;
    table.properties = {{LeasePropertyName("x"), text}};
    const auto read = ReadLeases(table);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kCorruption);
    EXPECT_THAT(read.error().message, testing::HasSubstr("k2i.lease.x"));
  }
}

}  // namespace
}  // namespace k2i::progress
