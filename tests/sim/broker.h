// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"

namespace k2i::sim {

/// What stands at an offset.
struct BrokerRecord {
  /// kHole: a control record, an aborted or a compacted one: no consumer sees it.
  enum class Kind { kRow, kPoison, kHole } kind = Kind::kRow;
  int64_t id = 0;
  std::string value;
  /// Seen by those who came early, and compacted away before others came: it may be in the table or not, but not twice.
  bool may_be_missing = false;
};

/// Topics, and one consumer group with its coordinator.
class Broker {
 public:
  Broker(Random& random, bool eager) : random_(random), eager_(eager) {}

  // The log.
  void CreateTopic(const std::string& topic, int partitions);
  void Append(const TopicPartition& tp, BrokerRecord record) { logs_.at(tp).records.push_back(std::move(record)); }
  void DeleteBefore(const TopicPartition& tp, Offset start);
  /// Makes a hole of a row, if there is one at `offset`.
  bool Compact(const TopicPartition& tp, Offset offset);
  std::vector<TopicPartition> partitions() const;
  int64_t start(const TopicPartition& tp) const { return logs_.at(tp).start; }
  int64_t end(const TopicPartition& tp) const { return static_cast<int64_t>(logs_.at(tp).records.size()); }
  const BrokerRecord& at(const TopicPartition& tp, int64_t offset) const {
    return logs_.at(tp).records[static_cast<size_t>(offset)];
  }

  // The group. A member is known by a number that is never used again.
  int Join(std::function<bool()> heartbeats, Duration now);
  void Leave(int member);
  bool IsMember(int member) const { return members_.contains(member); }
  void Polled(int member, Duration now);
  /// Members that have not been heard of for the session's time are out; their partitions go to others.
  void Expire(Duration now);
  /// Deals the partitions anew, by chance.
  void Shuffle();
  /// What `member` has and has to give up, and what it may take now.
  std::vector<TopicPartition> ToRevoke(int member);
  std::vector<TopicPartition> ToAssign(int member);
  void Released(int member, const std::vector<TopicPartition>& partitions);
  void Taken(int member, const std::vector<TopicPartition>& partitions);
  int members() const { return static_cast<int>(members_.size()); }
  int64_t rebalances() const { return generation_; }

 private:
  struct Log {
    int64_t start = 0;
    std::vector<BrokerRecord> records;  // from offset 0, those deleted too: what was produced is checked at the end
    int owner = 0;                      // member; 0: nobody
    int64_t owned_since = 0;            // generation
    int target = 0;
  };
  struct Member {
    std::function<bool()> heartbeats;
    Duration last_heartbeat{0};
    Duration last_poll{0};
  };
  void Rebalance(bool by_chance);

  Random& random_;
  const bool eager_;
  std::map<TopicPartition, Log> logs_;
  std::map<int, Member> members_;
  int last_member_ = 0;
  int64_t generation_ = 0;
};

}  // namespace k2i::sim
