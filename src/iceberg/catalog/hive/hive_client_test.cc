// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

TEST(HiveClientTest, ReadsMetastoreUris) {
  EXPECT_THAT(*ParseMetastoreUris("thrift://a:1, thrift://b.c/"),
              testing::ElementsAre(HiveServer{"a", 1}, HiveServer{"b.c", 9083}));
  for (const char* bad : {"", "a:9083", "http://a", "thrift://", "thrift://a:", "thrift://a:0", "thrift://a:65536",
                          "thrift://a:9x", "thrift://a,"}) {
    const auto servers = ParseMetastoreUris(bad);
    ASSERT_FALSE(servers.has_value()) << bad;
    EXPECT_EQ(servers.error().code, ErrorCode::kInvalidConfig);
  }
}

TEST(HiveClientTest, NobodyThereIsUnavailable) {
  HiveClient client({.servers = {{"127.0.0.1", 1}}});
  for (const Status& status : {client.Ask("ask", [](auto&) {}), client.Tell("tell", [](auto&) {})}) {
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(status.error().component, Component::kCatalog);
  }
}

}  // namespace
}  // namespace k2i::iceberg
