// SPDX-License-Identifier: Apache-2.0
#include "kafka/scripted_source_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"

namespace k2i::kafka {
namespace {

using ::testing::ElementsAre;

struct RecordingListener final : RebalanceListener {
  Result<OffsetVector> OnAssigned(const std::vector<TopicPartition>& partitions) override {
    calls.push_back("assigned " + std::to_string(partitions.size()));
    if (failure) return std::unexpected(*failure);
    return starts;
  }
  void OnRevoked(const std::vector<TopicPartition>& p) override {
    calls.push_back("revoked " + std::to_string(p.size()));
  }
  void OnLost(const std::vector<TopicPartition>& p) override { calls.push_back("lost " + std::to_string(p.size())); }

  OffsetVector starts;
  std::optional<Error> failure;
  std::vector<std::string> calls;
};

TopicPartition P(int partition) { return {"t", PartitionId{partition}}; }

std::vector<std::string> Values(const MessageBatch& batch) {
  std::vector<std::string> values;
  for (const Message& m : batch.messages) {
    values.push_back(std::to_string(m.partition.value) + "@" + std::to_string(m.offset.value) + "=" +
                     std::string(m.value.value_or("null")));
  }
  return values;
}

class ScriptedSourceTest : public ::testing::Test {
 protected:
  ScriptedSourceTest() { cluster_.CreateTopic("t", 2); }
  std::vector<std::string> Poll(ScriptedSource& source) {
    auto batch = source.Poll({});
    EXPECT_TRUE(batch.has_value()) << batch.error().ToString();
    return batch ? Values(*batch) : std::vector<std::string>{};
  }
  ScriptedCluster cluster_;
  RecordingListener listener_;
};

TEST_F(ScriptedSourceTest, HandsOutRecordsFromWhereTheListenerSays) {
  cluster_.Append("t", 0, "k", "a", 5);
  cluster_.Append("t", 0, "k", "b");
  cluster_.AppendControlRecord(P(0));
  cluster_.Append(P(1), {.key = std::nullopt, .value = std::nullopt, .timestamp_ms = 7, .headers = {{"h", "v"}}});
  listener_.starts[P(0)] = Offset{1};
  ScriptedSource source(cluster_, {.topics = {"t"}}, listener_);
  auto batch = source.Poll({});
  ASSERT_TRUE(batch.has_value());
  EXPECT_THAT(Values(*batch), ::testing::UnorderedElementsAre("0@1=b", "1@0=null"));
  for (const Message& m : batch->messages) {
    if (m.partition.value != 1) continue;
    EXPECT_FALSE(m.key.has_value());
    EXPECT_EQ(m.timestamp_ms, 7);
    ASSERT_EQ(m.headers.size(), 1u);
    EXPECT_EQ(m.headers[0].name, "h");
    EXPECT_EQ(m.headers[0].value, "v");
  }
  EXPECT_EQ(source.positions().at(P(0)), Offset{3});  // past the control record
  EXPECT_EQ(batch->size_bytes, 2u);
  cluster_.Append("t", 0, "k", "c");
  EXPECT_THAT(Poll(source), ElementsAre("0@3=c"));
  EXPECT_EQ(source.Lag().at(P(0)).log_end, Offset{4});
}

TEST_F(ScriptedSourceTest, PauseHoldsForPartitionsAssignedLater) {
  cluster_.Append("t", 0, "", "a");
  ScriptedSource source(cluster_, {.topics = {"t"}}, listener_);
  ASSERT_TRUE(source.Pause().has_value());
  EXPECT_THAT(Poll(source), ElementsAre());
  EXPECT_THAT(listener_.calls, ElementsAre("assigned 2"));
  ASSERT_TRUE(source.Resume().has_value());
  EXPECT_THAT(Poll(source), ElementsAre("0@0=a"));
}

TEST_F(ScriptedSourceTest, RebalancesInTheNextPollAndRevokesOnClose) {
  ScriptedSource source(cluster_, {.topics = {"t"}, .assign_all = false}, listener_);
  source.Assign({P(0)});
  source.Assign({P(1)});
  source.Lose({P(1)});
  EXPECT_TRUE(listener_.calls.empty());
  Poll(source);
  ASSERT_TRUE(source.Close().has_value());
  EXPECT_THAT(listener_.calls, ElementsAre("assigned 1", "assigned 1", "lost 1", "revoked 1"));
  EXPECT_EQ(source.Poll({}).error().code, ErrorCode::kCancelled);
}

TEST_F(ScriptedSourceTest, TellsOffsetsThatAreGone) {
  for (int i = 0; i < 5; ++i) cluster_.Append("t", 0, "", std::to_string(i));
  cluster_.DeleteBefore(P(0), Offset{3});
  listener_.starts[P(0)] = Offset{1};
  ScriptedSource stops(cluster_, {.topics = {"t"}}, listener_);
  const auto stopped = stops.Poll({});
  EXPECT_EQ(stopped.error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(stopped.error().message, "offset 1 of t[0] is gone: Kafka holds 3 to 5");
  EXPECT_EQ(stops.Poll({}).error().code, ErrorCode::kDataLoss);
  ScriptedSource continues(cluster_, {.topics = {"t"}, .continue_on_data_loss = true}, listener_);
  EXPECT_THAT(Poll(continues), ElementsAre("0@3=3", "0@4=4"));
  cluster_.Truncate(P(0), Offset{4});
  cluster_.Append("t", 0, "", "again");
  EXPECT_EQ(cluster_.LogEnd(P(0)), Offset{5});
}

TEST_F(ScriptedSourceTest, FailsAsTold) {
  listener_.failure = Error{ErrorCode::kDataLoss, "no boundary"};
  ScriptedSource source(cluster_, {.topics = {"t"}}, listener_);
  source.FailNextPoll({ErrorCode::kUnavailable, "down"});
  EXPECT_EQ(source.Poll({}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(source.Poll({}).error().message, "no boundary");
  EXPECT_EQ(source.Poll({}).error().message, "no boundary");
  ScriptedSource none(cluster_, {.topics = {"nope"}}, listener_);
  EXPECT_EQ(none.Describe().error().code, ErrorCode::kNotFound);
}

TEST_F(ScriptedSourceTest, DescribesTheClusterAndKeepsAcknowledgedOffsets) {
  ScriptedSource source(cluster_, {.topics = {"t"}}, listener_);
  const auto info = source.Describe();
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->cluster_id, "scripted");
  EXPECT_EQ(info->partition_counts.at("t"), 2);
  cluster_.CreateTopic("t", 1);
  EXPECT_NE(source.Describe()->topic_ids.at("t"), info->topic_ids.at("t"));
  ASSERT_TRUE(source.Acknowledge({{P(0), Offset{9}}}).has_value());
  EXPECT_EQ(cluster_.acknowledged().at(P(0)), Offset{9});
}

TEST_F(ScriptedSourceTest, SmallBatchesStarveNoPartitionAndOutliveTheSource) {
  for (int i = 0; i < 4; ++i) {
    cluster_.Append("t", 0, "", "a");
    cluster_.Append("t", 1, "", "b");
  }
  MessageBatch kept;
  std::set<int> seen;
  {
    ManualClock clock;
    ScriptedSource source(cluster_, {.topics = {"t"}, .batch_size = 2, .clock = &clock}, listener_);
    for (int i = 0; i < 2; ++i) {
      kept = *source.Poll(std::chrono::milliseconds(1));
      ASSERT_EQ(kept.messages.size(), 2u);
      for (const Message& m : kept.messages) seen.insert(m.partition.value);
    }
    EXPECT_EQ(clock.monotonic(), Duration{0});
  }
  EXPECT_EQ(seen, (std::set<int>{0, 1}));
  EXPECT_EQ(kept.messages[0].topic, "t");
}

}  // namespace
}  // namespace k2i::kafka
