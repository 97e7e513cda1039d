// SPDX-License-Identifier: Apache-2.0
#include "ingest/partition_tracker.h"

#include <gtest/gtest.h>

namespace k2i::ingest {
namespace {

const TopicPartition kP0{"t", PartitionId{0}};
const TopicPartition kP1{"t", PartitionId{1}};

kafka::MessageBatch Batch(std::vector<std::pair<int32_t, int64_t>> records) {
  kafka::MessageBatch batch;
  for (const auto& [partition, offset] : records) {
    batch.messages.push_back({.topic = "t", .partition = PartitionId{partition}, .offset = Offset{offset}});
  }
  return batch;
}

TEST(PartitionTrackerTest, RangesBeginAtTheBoundaryAndCoverHoles) {
  PartitionTracker tracker;
  tracker.Assign(kP0, Offset{10});
  tracker.Observe(Batch({{0, 13}, {0, 17}}));
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{10}, Offset{18}}}}));
  EXPECT_TRUE(tracker.TakeRanges().empty());
  tracker.Observe(Batch({{0, 30}}));
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{18}, Offset{31}}}}));
}

TEST(PartitionTrackerTest, WithoutABoundaryTheFirstRecordDecides) {
  PartitionTracker tracker;
  tracker.Assign(kP0, std::nullopt);
  EXPECT_TRUE(tracker.TakeRanges().empty());
  EXPECT_EQ(tracker.position(kP0), std::nullopt);
  tracker.Observe(Batch({{0, 5}}));
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{5}, Offset{6}}}}));
  EXPECT_EQ(tracker.position(kP0), Offset{6});
}

TEST(PartitionTrackerTest, MixedPartitionsAndRevocation) {
  PartitionTracker tracker;
  tracker.Assign(kP0, Offset{0});
  tracker.Assign(kP1, Offset{0});
  tracker.Observe(Batch({{0, 0}, {1, 0}, {0, 1}, {1, 1}, {1, 2}}));
  tracker.Revoke({kP0});
  tracker.Observe(Batch({{0, 2}}));
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP1, {Offset{0}, Offset{3}}}}));
  EXPECT_EQ(tracker.partitions(), std::vector{kP1});
}

TEST(PartitionTrackerTest, EndsMovePastOffsetsWithoutRecords) {
  PartitionTracker tracker;
  tracker.Assign(kP0, Offset{0});
  tracker.Assign(kP1, std::nullopt);
  kafka::MessageBatch batch = Batch({{0, 0}, {0, 1}});
  batch.ends = {{kP0, Offset{3}}, {kP1, Offset{7}}, {{"t", PartitionId{9}}, Offset{1}}};
  tracker.Observe(batch);
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{0}, Offset{3}}}}));
  EXPECT_EQ(tracker.position(kP1), Offset{7}) << "without a boundary the end is where reading goes on";
  batch = Batch({{0, 3}, {1, 7}});
  batch.ends = {{kP0, Offset{2}}};
  tracker.Observe(batch);
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{3}, Offset{4}}}, {kP1, {Offset{7}, Offset{8}}}}));
}

TEST(JoinRangesTest, JoinsByPartition) {
  EXPECT_EQ(JoinRanges({{kP0, {Offset{0}, Offset{5}}}}, {{kP0, {Offset{5}, Offset{9}}}, {kP1, {Offset{1}, Offset{2}}}}),
            (OffsetRanges{{kP0, {Offset{0}, Offset{9}}}, {kP1, {Offset{1}, Offset{2}}}}));
}

TEST(PartitionTrackerTest, AClaimedStartIsARangeEvenIfNothingFollows) {
  PartitionTracker tracker;
  tracker.Assign(kP0, std::nullopt, /*claim=*/true);
  tracker.Assign(kP1, Offset{4}, /*claim=*/true);  // has a boundary: nothing to claim
  EXPECT_TRUE(tracker.TakeRanges().empty());
  EXPECT_FALSE(tracker.TakeClaimed());
  kafka::MessageBatch batch;
  batch.ends = {{kP0, Offset{7}}, {kP1, Offset{4}}};
  tracker.Observe(batch);
  EXPECT_EQ(tracker.TakeRanges(), (OffsetRanges{{kP0, {Offset{7}, Offset{7}}}}));
  EXPECT_TRUE(tracker.TakeClaimed());
  EXPECT_TRUE(tracker.TakeRanges().empty());
  EXPECT_FALSE(tracker.TakeClaimed());
}

}  // namespace
}  // namespace k2i::ingest
