// SPDX-License-Identifier: Apache-2.0
#include "ingest/flush_policy.h"

#include <gtest/gtest.h>

namespace k2i::ingest {
namespace {

using std::chrono::seconds;

constexpr FlushPolicy kPolicy{.max_bytes = 1000, .max_rows = 10, .max_age = seconds(30)};

TEST(FlushPolicyTest, EachBoundIsEnough) {
  EXPECT_EQ(DecideFlush(kPolicy, {999, 9, true, seconds(29)}, false), std::nullopt);
  EXPECT_EQ(DecideFlush(kPolicy, {1000, 9, true, seconds(29)}, false), FlushReason::kSize);
  EXPECT_EQ(DecideFlush(kPolicy, {999, 10, true, seconds(29)}, false), FlushReason::kRows);
  EXPECT_EQ(DecideFlush(kPolicy, {999, 9, true, seconds(30)}, false), FlushReason::kAge);
  EXPECT_EQ(DecideFlush(kPolicy, {1, 1, true, seconds(0)}, true), FlushReason::kMemory);
}

TEST(FlushPolicyTest, OffsetsWithoutRowsAreCommittedByAge) {
  EXPECT_EQ(DecideFlush(kPolicy, {0, 0, true, seconds(30)}, false), FlushReason::kAge);
}

TEST(FlushPolicyTest, NothingReadNothingFlushed) {
  EXPECT_EQ(DecideFlush(kPolicy, {0, 0, false, seconds(3000)}, true), std::nullopt);
}

TEST(FlushPolicyTest, ZeroSwitchesABoundOff) {
  EXPECT_EQ(DecideFlush({}, {1 << 30, 1 << 30, true, seconds(3000)}, false), std::nullopt);
}

}  // namespace
}  // namespace k2i::ingest
