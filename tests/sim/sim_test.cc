// SPDX-License-Identifier: Apache-2.0
//
// The first few hundred seeds; ./dev sim --many runs thousands.
#include <gtest/gtest.h>

#include "sim/fiber.h"
#include "sim/run.h"

namespace k2i::sim {
namespace {

TEST(FiberTest, GoesOnWhereItLeftAndEnds) {
  std::string trace;
  Fiber fiber([&] {
    trace += "a";
    Fiber::Suspend();
    trace += "b";
  });
  fiber.Resume();
  trace += "-";
  EXPECT_FALSE(fiber.done());
  fiber.Resume();
  EXPECT_TRUE(fiber.done());
  EXPECT_EQ(trace, "a-b");
  EXPECT_EQ(Fiber::Current(), nullptr);
}

TEST(SimTest, OneSeedIsOneHistory) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const History first = RunSeed(seed, /*with_log=*/false), second = RunSeed(seed, /*with_log=*/true);
    EXPECT_EQ(first.hash(), second.hash()) << seed;
    EXPECT_GT(second.lines().size(), first.lines().size());
  }
  EXPECT_NE(RunSeed(1, false).hash(), RunSeed(2, false).hash());
}

class SeedsTest : public testing::TestWithParam<uint64_t> {};

TEST_P(SeedsTest, BreakNoPromise) {
  for (uint64_t seed = GetParam(); seed < GetParam() + 50; ++seed) {
    const History history = RunSeed(seed, /*with_log=*/false);
    EXPECT_FALSE(history.broken()) << "./dev sim " << seed << "\n"
                                   << history.broken_check() << ": " << history.broken_what();
  }
}

INSTANTIATE_TEST_SUITE_P(Sim, SeedsTest, testing::Range<uint64_t>(1, 301, 50));

}  // namespace
}  // namespace k2i::sim
