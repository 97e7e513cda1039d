// SPDX-License-Identifier: Apache-2.0
#include "maintenance/location_key.h"

#include <gtest/gtest.h>

#include <vector>

namespace k2i::maintenance {
namespace {

LocationKey Key(std::string_view location) {
  const auto key = LocationKey::Of(location);
  EXPECT_TRUE(key.has_value()) << location;
  return key.value_or(LocationKey{});
}

TEST(LocationKey, IsTheSameForAllSpellingsOfAFile) {
  const std::vector<std::vector<std::string>> groups = {
      {"s3://b/w/t/data/f", "s3a://b/w/t/data/f", "s3n://b//w/t/./data///f", "S3://b/w/t/data/f/"},
      {"file:///w/t/f", "file:/w/t/f", "/w/t/f", "file://localhost/w/t/f", "//w//t/f"},
      {"s3://b/p=a b/f", "s3://b/p=a%20b/f", "s3://b/p=a%2520b/f", "s3://b/p%3Da%20b%2Ff"},
      {"s3://b/100%/f", "s3://b/100%25/f"},
      {"s3://b", "s3://b/", "s3a://b//"},
      {"/", "file:///"},
      {"gs://b/x", "GS://b/x/"}};
  for (const auto& group : groups) {
    for (const auto& each : group) EXPECT_EQ(Key(each), Key(group[0])) << each;
  }
  for (const auto& one : groups) {
    for (const auto& two : groups) EXPECT_EQ(&one == &two, Key(one[0]) == Key(two[0])) << one[0] << " " << two[0];
  }
  EXPECT_NE(Key("s3://b/x"), Key("s3://B/x"));
  EXPECT_NE(Key("s3://b/x"), Key("s3://b/X"));
}

TEST(LocationKey, RefusesWhatItCannotTell) {
  for (const char* location : {"", "w/t", "s3:///x", "file://host/x", "/w/../t", "s3://b/a/%2e%2e/f", "s3:/b/x"}) {
    const auto key = LocationKey::Of(location);
    ASSERT_FALSE(key.has_value()) << location;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(key.error().component, Component::kStorage);
  }
}

TEST(LocationKey, HoldsWhatIsBelowIt) {
  EXPECT_TRUE(Key("s3://b/w/t").Holds(Key("s3a://b/w/t/data/f")));
  EXPECT_TRUE(Key("s3://b/w/t").Holds(Key("s3://b/w/t/")));
  EXPECT_TRUE(Key("s3://b").Holds(Key("s3://b/w")));
  EXPECT_FALSE(Key("s3://b/w/t").Holds(Key("s3://b/w/t2/f")));
  EXPECT_FALSE(Key("s3://b/w/t").Holds(Key("s3://b/w")));
  EXPECT_FALSE(Key("s3://b/w").Holds(Key("s3://c/w/f")));
  EXPECT_FALSE(Key("/w").Holds(Key("s3://b/w/f")));
}

}  // namespace
}  // namespace k2i::maintenance
