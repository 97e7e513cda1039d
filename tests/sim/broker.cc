// SPDX-License-Identifier: Apache-2.0
#include "sim/broker.h"

#include <algorithm>

namespace k2i::sim {
namespace {

constexpr Duration kSessionTimeout = std::chrono::seconds(8);
constexpr Duration kMaxPollInterval = std::chrono::seconds(90);

}  // namespace

void Broker::CreateTopic(const std::string& topic, int partitions) {
  for (int i = 0; i < partitions; ++i) logs_[{topic, PartitionId{i}}] = {};
}

void Broker::DeleteBefore(const TopicPartition& tp, Offset start) {
  Log& log = logs_.at(tp);
  log.start = std::clamp(start.value, log.start, static_cast<int64_t>(log.records.size()));
}

bool Broker::Compact(const TopicPartition& tp, Offset offset) {
  Log& log = logs_.at(tp);
  if (offset.value < log.start || offset.value >= static_cast<int64_t>(log.records.size())) return false;
  auto& record = log.records[static_cast<size_t>(offset.value)];
  if (record.kind != BrokerRecord::Kind::kRow) return false;
  record.may_be_missing = true;
  return true;
}

std::vector<TopicPartition> Broker::partitions() const {
  std::vector<TopicPartition> all;
  for (const auto& [tp, log] : logs_) all.push_back(tp);
  return all;
}

int Broker::Join(std::function<bool()> heartbeats, Duration now) {
  members_[++last_member_] = {std::move(heartbeats), now, now};
  Rebalance(/*by_chance=*/false);
  return last_member_;
}

void Broker::Leave(int member) {
  if (members_.erase(member) == 0) return;
  for (auto& [tp, log] : logs_) {
    if (log.owner == member) log.owner = 0;
  }
  Rebalance(/*by_chance=*/false);
}

void Broker::Polled(int member, Duration now) {
  if (const auto it = members_.find(member); it != members_.end()) it->second.last_poll = now;
}

void Broker::Expire(Duration now) {
  std::vector<int> dead;
  for (auto& [id, member] : members_) {
    if (member.heartbeats()) member.last_heartbeat = now;
    if (now - member.last_heartbeat > kSessionTimeout || now - member.last_poll > kMaxPollInterval) dead.push_back(id);
  }
  for (const int id : dead) Leave(id);
}

void Broker::Shuffle() { Rebalance(/*by_chance=*/true); }

void Broker::Rebalance(bool by_chance) {
  ++generation_;
  std::vector<int> ids;
  for (const auto& [id, member] : members_) ids.push_back(id);
  if (ids.empty()) {
    for (auto& [tp, log] : logs_) log.target = 0;
    return;
  }
  std::map<int, int> load;
  const int most = static_cast<int>((logs_.size() + ids.size() - 1) / ids.size());
  for (auto& [tp, log] : logs_) {
    const bool keeps = !by_chance && members_.contains(log.target) && load[log.target] < most;
    if (!keeps) log.target = 0;
    if (keeps) ++load[log.target];
  }
  for (auto& [tp, log] : logs_) {
    if (log.target != 0) continue;
    // The least loaded, from a random one on.
    const size_t from = random_.Below(ids.size());
    int best = ids[from];
    for (size_t i = 0; i < ids.size(); ++i) {
      const int id = ids[(from + i) % ids.size()];
      if (load[id] < load[best]) best = id;
    }
    log.target = best;
    ++load[best];
  }
}

std::vector<TopicPartition> Broker::ToRevoke(int member) {
  std::vector<TopicPartition> revoked;
  for (const auto& [tp, log] : logs_) {
    if (log.owner != member) continue;
    if (log.target != member || (eager_ && log.owned_since < generation_)) revoked.push_back(tp);
  }
  return revoked;
}

std::vector<TopicPartition> Broker::ToAssign(int member) {
  std::vector<TopicPartition> assigned;
  for (const auto& [tp, log] : logs_) {
    // Eager: nobody gets anything until everybody has given up everything.
    if (eager_ && log.owner != 0 && log.owned_since < generation_) return {};
    if (log.owner == 0 && log.target == member) assigned.push_back(tp);
  }
  return assigned;
}

void Broker::Released(int member, const std::vector<TopicPartition>& partitions) {
  for (const auto& tp : partitions) {
    Log& log = logs_.at(tp);
    if (log.owner == member) log.owner = 0;
  }
}

void Broker::Taken(int member, const std::vector<TopicPartition>& partitions) {
  for (const auto& tp : partitions) {
    Log& log = logs_.at(tp);
    log.owner = member;
    log.owned_since = generation_;
  }
}

}  // namespace k2i::sim
