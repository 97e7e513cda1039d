// SPDX-License-Identifier: Apache-2.0
#include "ingest/partition_tracker.h"

namespace k2i::ingest {

void PartitionTracker::Assign(const TopicPartition& partition, std::optional<Offset> start, bool claim) {
  states_[partition] = State{start, start, claim && !start};
}

void PartitionTracker::Revoke(const std::vector<TopicPartition>& partitions) {
  for (const auto& partition : partitions) states_.erase(partition);
}

void PartitionTracker::Observe(const kafka::MessageBatch& batch) {
  // Records come in runs of one partition: look a partition up once a run.
  State* state = nullptr;
  const kafka::Message* previous = nullptr;
  for (const auto& message : batch.messages) {
    const bool same_run =
        previous != nullptr && previous->partition == message.partition && previous->topic == message.topic;
    if (!same_run) {
      const auto it = states_.find({std::string(message.topic), message.partition});
      state = it == states_.end() ? nullptr : &it->second;
    }
    previous = &message;
    if (state == nullptr) continue;
    if (!state->taken) state->taken = message.offset;
    state->position = Offset{message.offset.value + 1};
  }
  for (const auto& end : batch.ends) {
    const auto it = states_.find(end.partition);
    if (it == states_.end()) continue;
    State& at_end = it->second;
    if (!at_end.taken) at_end.taken = end.next;
    if (!at_end.position || *at_end.position < end.next) at_end.position = end.next;
  }
}

OffsetRanges PartitionTracker::TakeRanges() {
  OffsetRanges ranges;
  for (auto& [partition, state] : states_) {
    if (!state.position || !state.taken) continue;
    const bool claim = std::exchange(state.claim, false);
    claimed_ = claimed_ || claim;
    if (!claim && *state.position <= *state.taken) continue;
    ranges[partition] = {*state.taken, *state.position};
    state.taken = state.position;
  }
  return ranges;
}

std::vector<TopicPartition> PartitionTracker::partitions() const {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, state] : states_) partitions.push_back(partition);
  return partitions;
}

std::optional<Offset> PartitionTracker::position(const TopicPartition& partition) const {
  const auto it = states_.find(partition);
  return it == states_.end() ? std::nullopt : it->second.position;
}

OffsetRanges JoinRanges(const OffsetRanges& earlier, const OffsetRanges& later) {
  OffsetRanges joined = earlier;
  for (const auto& [partition, range] : later) {
    const auto [it, inserted] = joined.try_emplace(partition, range);
    if (!inserted) it->second.end = range.end;
  }
  return joined;
}

}  // namespace k2i::ingest
