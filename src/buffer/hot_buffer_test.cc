// SPDX-License-Identifier: Apache-2.0
#include "buffer/hot_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "buffer/slices_testing.h"

namespace k2i::buffer {
namespace {

const TopicPartition kP0{"t", PartitionId{0}};
const TopicPartition kP1{"t", PartitionId{1}};

TEST(SliceTest, DropBelowMatchesANaiveModel) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<SlicePtr> slices;
    std::vector<Position> all;
    std::map<int32_t, int64_t> next;
    for (int s = 0; s < 4; ++s) {
      std::vector<Position> positions;
      for (int row = 0; row < 20; ++row) {
        const int32_t partition = static_cast<int32_t>(random() % 3);
        positions.emplace_back(partition, next[partition] += 1 + random() % 3);
      }
      all.insert(all.end(), positions.begin(), positions.end());
      slices.push_back(SliceOf(positions));
    }
    OffsetVector boundary{{kP0, Offset{static_cast<int64_t>(random() % 80)}},
                          {kP1, Offset{static_cast<int64_t>(random() % 80)}}};
    std::erase_if(all, [&](const Position& position) {
      const auto it = boundary.find({"t", PartitionId{position.first}});
      return it != boundary.end() && position.second < it->second.value;
    });
    const auto kept = DropBelow(slices, boundary);
    EXPECT_EQ(PositionsOf(kept), all);
    for (const auto& slice : kept) {
      for (const auto& [partition, range] : slice->ranges) {
        EXPECT_FALSE(range.empty());
        if (boundary.contains(partition)) {
          EXPECT_GE(range.begin, boundary.at(partition));
        }
      }
    }
  }
}

TEST(SliceTest, UntouchedSlicesAreShared) {
  const std::vector<SlicePtr> slices{SliceOf({{0, 5}, {0, 6}})};
  EXPECT_EQ(DropBelow(slices, {{kP0, Offset{5}}})[0], slices[0]);
  EXPECT_EQ(DropPartitions(slices, {kP1})[0], slices[0]);
}

TEST(SliceTest, PiecesKnowWhereTheyWere) {
  const auto whole = SliceOf({{0, 1}, {0, 2}, {1, 1}, {0, 3}}, 0, 9);
  const auto kept = DropBelow({whole}, {{kP0, Offset{2}}});
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0]->first_row, 1);
  EXPECT_EQ(kept[2]->first_row, 3);
  const auto again = DropPartitions(kept, {kP1});
  EXPECT_EQ(again.back()->first_row, 3);
  EXPECT_EQ(again.back()->number, 9);
}

TEST(SliceTest, RangesOutliveTheirRows) {
  auto slice = std::make_shared<Slice>();
  slice->ranges = {{kP0, {Offset{5}, Offset{10}}}};  // five rejected records
  const auto kept = DropBelow({slice}, {{kP0, Offset{7}}});
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0]->ranges, (OffsetRanges{{kP0, {Offset{7}, Offset{10}}}}));
  EXPECT_TRUE(DropBelow({slice}, {{kP0, Offset{10}}}).empty());
}

TEST(HotBufferTest, FlushTakesAllAndRetireForgets) {
  HotBuffer buffer;
  buffer.Append(SliceOf({{0, 0}, {0, 1}}, 100));
  buffer.Append(SliceOf({{1, 0}}, 200));
  EXPECT_EQ(buffer.waiting().rows, 3);
  EXPECT_EQ(buffer.waiting().oldest_sealed, Duration(100));
  EXPECT_GT(buffer.waiting().bytes, 0);
  EXPECT_EQ(buffer.TakeForFlush().size(), 2u);
  EXPECT_FALSE(buffer.waiting().any);
  EXPECT_EQ(buffer.total().rows, 3);
  buffer.Append(SliceOf({{1, 1}}, 300));
  buffer.Retire();
  EXPECT_EQ(buffer.total().rows, 1);
  EXPECT_EQ(buffer.total().oldest_sealed, Duration(300));
}

TEST(HotBufferTest, FailedFlushComesBackInOrder) {
  HotBuffer buffer;
  buffer.Append(SliceOf({{0, 0}}));
  buffer.TakeForFlush();
  buffer.Append(SliceOf({{0, 1}}));
  buffer.ReturnToWaiting();
  EXPECT_EQ(PositionsOf(buffer.TakeForFlush()), (std::vector<Position>{{0, 0}, {0, 1}}));
}

TEST(HotBufferTest, RevokedPartitionsAreForgottenButNotInFlight) {
  HotBuffer buffer;
  buffer.Append(SliceOf({{0, 0}, {1, 0}}));
  const auto flying = buffer.TakeForFlush();
  buffer.Append(SliceOf({{0, 1}, {1, 1}, {0, 2}}));
  buffer.DropWaiting({kP0});
  EXPECT_EQ(buffer.total().rows, 3);
  EXPECT_EQ(PositionsOf(flying).size(), 2u);
  buffer.Retire();
  EXPECT_EQ(PositionsOf(buffer.TakeForFlush()), (std::vector<Position>{{1, 1}}));
}

TEST(MemoryBudgetTest, HasTwoMarks) {
  const MemoryBudget budget{.limit_bytes = 1000};
  EXPECT_FALSE(budget.ShouldPause(899));
  EXPECT_TRUE(budget.ShouldPause(900));
  EXPECT_FALSE(budget.ShouldResume(701));
  EXPECT_TRUE(budget.ShouldResume(700));
  EXPECT_EQ(budget.RetainedExcess(520), 20);
  EXPECT_LE(budget.RetainedExcess(500), 0);
}

}  // namespace
}  // namespace k2i::buffer
