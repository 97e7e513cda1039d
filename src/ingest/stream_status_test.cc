// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace k2i::ingest {
namespace {

TEST(StreamStatusTest, LagCountsWhatIsUnreadAndWhatIsUncommitted) {
  StreamStatus status;
  status.partitions = {{{"t", PartitionId{0}}, Offset{70}, Offset{50}, Offset{100}},
                       {{"t", PartitionId{1}}, Offset{5}, std::nullopt, std::nullopt}};
  EXPECT_EQ(status.lag(), 30);
  EXPECT_EQ(status.uncommitted_lag(), 50);
  status.retained_rows = 7;
  const auto json = nlohmann::json::parse(StatusJson(status));
  EXPECT_EQ(json["lag"], 30);
  EXPECT_EQ(json["partitions"][0]["committed"], 50);
  EXPECT_TRUE(json["partitions"][1]["lag"].is_null());
  EXPECT_EQ(json["state"], "starting");
  EXPECT_EQ(json["buffer"]["retained_rows"], 7);
}

}  // namespace
}  // namespace k2i::ingest
