// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/fakes.h"

namespace k2i::sim {
namespace {

using kafka::MessageBatch;
using std::chrono::milliseconds;

constexpr size_t kBatchSize = 20;

struct BatchOwner {
  std::deque<std::string> texts;
};

}  // namespace

std::vector<TopicPartition> SimSource::Owned() const {
  std::vector<TopicPartition> owned;
  for (const auto& [tp, position] : positions_) owned.push_back(tp);
  return owned;
}

void SimSource::Lose() {
  const auto lost = Owned();
  positions_.clear();
  if (lost.empty()) return;
  world_.Event(life_.name, "has lost its partitions");
  world_.Count("zombie woken");
  if (life_.flushing) world_.Count("zombie with a flush in flight");
  listener_.OnLost(lost);
}

Status SimSource::Rebalance() {
  if (!world_.broker.IsMember(member_)) {
    Lose();
    if (life_.off) return PowerIsOff();
    member_ = world_.broker.Join(
        [&world = world_, life = life_.machine.life] {
          return !life->off && !life->machine.frozen && world.now() >= life->machine.isolated_until;
        },
        world_.now());
    world_.Event(life_.name, "joins as member " + std::to_string(member_));
  }
  if (const auto revoked = world_.broker.ToRevoke(member_); !revoked.empty()) {
    world_.Event(life_.name, "gives up " + std::to_string(revoked.size()) + " partitions");
    world_.Count("revoked");
    if (life_.flushing) world_.Count("revoked with a flush in flight");
    listener_.OnRevoked(revoked);
    if (life_.off) return PowerIsOff();
    for (const auto& tp : revoked) positions_.erase(tp);
    world_.broker.Released(member_, revoked);
  }
  return Take();
}

Status SimSource::Take() {
  const auto assigned = world_.broker.ToAssign(member_);
  if (assigned.empty()) return {};
  world_.broker.Taken(member_, assigned);
  K2I_ASSIGN_OR_RETURN(const auto starts, listener_.OnAssigned(assigned));
  if (life_.off) return PowerIsOff();
  for (const auto& tp : assigned) {
    const auto start = starts.find(tp);
    positions_[tp] = start == starts.end()
                         ? Offset{world_.scenario.latest ? world_.broker.end(tp) : world_.broker.start(tp)}
                         : start->second;
    ends_told_.erase(tp);
    world_.Event(life_.name, "takes " + tp.topic + "/" + std::to_string(tp.partition.value) + " from " +
                                 std::to_string(positions_[tp].value));
  }
  return {};
}

Result<MessageBatch> SimSource::Poll(Duration timeout) {
  if (stuck_) return std::unexpected(*stuck_);
  K2I_RETURN_IF_ERROR(world_.Moment(life_, milliseconds(2), "at a poll"));
  if (world_.Chance(world_.scenario.rates.poll_error)) {
    return Fail(ErrorCode::kUnavailable, "all brokers are down (simulated)", Component::kKafka);
  }
  if (!Isolated()) {
    if (auto status = Rebalance(); !status) {
      stuck_ = status.error();
      return std::unexpected(*stuck_);
    }
    world_.broker.Polled(member_, world_.now());
    // While partitions changed hands, the session may have run out.
    if (!paused_ && !Isolated() && world_.broker.IsMember(member_)) {
      auto batch = Fetch();
      if (gone_) return Fail(ErrorCode::kDataLoss, "offset out of range (simulated)", Component::kKafka);
      if (!batch.messages.empty() || !batch.ends.empty()) return batch;
    }
  }
  // Longer than asked for where nothing is due, as on a machine that is busy: histories are to be short.
  const Duration wait =
      timeout < milliseconds(50) ? timeout : milliseconds(50 + static_cast<int64_t>(world_.random.Below(300)));
  world_.scheduler.WaitUntil([this] { return life_.off || life_.stop.stop_requested(); }, wait);
  if (life_.off) return PowerIsOff();
  return MessageBatch{};
}

MessageBatch SimSource::Fetch() {
  MessageBatch batch;
  auto owner = std::make_shared<BatchOwner>();
  const size_t most = 1 + world_.random.Below(kBatchSize);
  for (auto& [tp, position] : positions_) {
    if (position.value < world_.broker.start(tp)) {
      gone_ = true;
      return {};
    }
    const int64_t end = world_.broker.end(tp);
    while (position.value < end && batch.messages.size() < most) {
      const auto& record = world_.broker.at(tp, position.value);
      const bool gone = record.may_be_missing && world_.random.Below(2) == 0;
      if (record.kind != BrokerRecord::Kind::kHole && !gone) {
        owner->texts.push_back(tp.topic);
        owner->texts.push_back(record.value);
        kafka::Message message;
        message.topic = owner->texts[owner->texts.size() - 2];
        message.partition = tp.partition;
        message.offset = position;
        message.timestamp_ms = world_.clock.wall_ms();
        message.value = owner->texts.back();
        batch.size_bytes += record.value.size();
        batch.messages.push_back(message);
      }
      ++position.value;
    }
    if (position.value < end) continue;
    const auto [told, first] = ends_told_.try_emplace(tp, position);
    if (!first && std::exchange(told->second, position) == position) continue;
    batch.ends.push_back({tp, position});
    if (end > 0 && world_.broker.at(tp, end - 1).kind == BrokerRecord::Kind::kHole) {
      world_.Count("end without a record");
    }
  }
  batch.owner = std::move(owner);
  return batch;
}

Status SimSource::Pause() {
  paused_ = true;
  world_.Count("backpressure");
  return {};
}

Status SimSource::Resume() {
  paused_ = false;
  return {};
}

/// No offset may be acknowledged that no commit has passed, whatever happens afterwards.
Status SimSource::Acknowledge(const OffsetVector& next) {
  if (life_.off) return PowerIsOff();
  const auto& committed = world_.ledger.committed("events");
  for (const auto& [tp, offset] : next) {
    const auto boundary = committed.find(tp);
    if (boundary == committed.end() || offset > boundary->second) {
      world_.Break("acknowledged-too-early", life_.name + " acknowledges " + tp.topic + "/" +
                                                 std::to_string(tp.partition.value) + " at " +
                                                 std::to_string(offset.value));
    }
    world_.Count("acknowledged");
  }
  return {};
}

Result<kafka::ClusterInfo> SimSource::Describe() {
  K2I_RETURN_IF_ERROR(world_.Moment(life_, milliseconds(2), "at a description of the cluster"));
  kafka::ClusterInfo info{.cluster_id = "cluster", .topic_ids = {}, .partition_counts = {}};
  for (size_t topic = 0; topic < world_.scenario.partitions.size(); ++topic) {
    const std::string name = "t" + std::to_string(topic);
    info.topic_ids[name] = name + "-id";
    info.partition_counts[name] = world_.scenario.partitions[topic];
  }
  return info;
}

Status SimSource::Close() {
  if (life_.off || std::exchange(closed_, true)) return {};
  const auto owned = Owned();
  const bool member = world_.broker.IsMember(member_);
  if (!owned.empty()) member ? listener_.OnRevoked(owned) : listener_.OnLost(owned);
  if (!life_.off) world_.broker.Leave(member_);
  return {};
}

}  // namespace k2i::sim
