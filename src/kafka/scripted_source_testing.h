// SPDX-License-Identifier: Apache-2.0
//
// kafka_testing: a cluster that lives in memory and a Source on it, for tests and the simulator. Deterministic: no
// threads, no time of its own; what happens is what the script says.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kafka/source.h"

namespace k2i::kafka {

struct ScriptedRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  int64_t timestamp_ms = -1;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
};

/// Topics and their records. It outlives sources, as a broker outlives the processes that read it. Thread-safe.
class ScriptedCluster {
 public:
  explicit ScriptedCluster(std::string cluster_id = "scripted") : cluster_id_(std::move(cluster_id)) {}

  /// Doing it again makes a new topic of that name: no records, another topic id.
  void CreateTopic(const std::string& topic, int partitions);
  /// REQUIRES: the partition is there. Returns the record's offset.
  Offset Append(const TopicPartition& tp, ScriptedRecord record);
  Offset Append(const std::string& topic, int partition, std::string key, std::string value, int64_t timestamp_ms = -1);
  /// A transaction's marker: takes an offset, and no consumer sees it.
  Offset AppendControlRecord(const TopicPartition& tp);
  /// Retention: offsets below `start` are gone.
  void DeleteBefore(const TopicPartition& tp, Offset start);
  /// An unclean election: offsets from `end` on are gone, and will be given out again.
  void Truncate(const TopicPartition& tp, Offset end);

  std::vector<TopicPartition> Partitions(const std::string& topic) const;
  Offset LogStart(const TopicPartition& tp) const;
  Offset LogEnd(const TopicPartition& tp) const;
  /// Group offsets, as Acknowledge left them.
  OffsetVector acknowledged() const;

 private:
  friend class ScriptedSource;
  struct Log {
    Offset start{0};
    std::deque<std::shared_ptr<const ScriptedRecord>> records;  // nullptr: a control record
    Offset end() const { return Offset{start.value + static_cast<int64_t>(records.size())}; }
  };

  mutable std::mutex mutex_;
  const std::string cluster_id_;
  std::map<TopicPartition, Log> logs_;
  std::map<std::string, std::string> topic_ids_;
  int topics_made_ = 0;
  OffsetVector acknowledged_;
};

struct ScriptedOptions {
  std::vector<std::string> topics;
  OffsetReset offset_reset = OffsetReset::kEarliest;
  bool continue_on_data_loss = false;
  int batch_size = 1000;
  /// All partitions of the topics are assigned by the first Poll; else only Assign does it.
  bool assign_all = true;
  /// Tells of partitions that have been read up to their end, as a broker does.
  bool report_ends = false;
  /// Slept on by a Poll that finds nothing; nullptr: it returns at once.
  Clock* clock = nullptr;
};

/// Used like any Source, from one thread, but Acknowledge, Lag and LastError. What Assign, Revoke and Lose ask for
/// happens in the next Poll, in that order.
class ScriptedSource final : public Source {
 public:
  /// Both must outlive the source.
  ScriptedSource(ScriptedCluster& cluster, ScriptedOptions options, RebalanceListener& listener);

  // The script.
  void Assign(std::vector<TopicPartition> partitions);
  void Revoke(std::vector<TopicPartition> partitions);
  void Lose(std::vector<TopicPartition> partitions);
  /// The next Poll returns this error once, before anything else happens.
  void FailNextPoll(Error error) { failures_.push_back(std::move(error)); }
  void set_last_error(std::optional<Error> error);

  // What the code under test did.
  bool paused() const { return paused_; }
  bool closed() const { return closed_; }
  int polls() const { return polls_; }
  OffsetVector positions() const;

  Result<MessageBatch> Poll(Duration timeout) override;
  Status Pause() override;
  Status Resume() override;
  Status Acknowledge(const OffsetVector& next) override;
  Result<ClusterInfo> Describe() override;
  std::map<TopicPartition, PartitionLag> Lag() override;
  std::optional<Error> LastError() const override;
  Status Close() override;

 private:
  enum class Event { kAssign, kRevoke, kLose };
  Status CarryOut(Event event, const std::vector<TopicPartition>& partitions);
  Status SetStarts(const std::vector<TopicPartition>& partitions, const OffsetVector& starts);
  /// Takes records of one partition into `batch`. DataLoss when the position is out of range.
  Status TakeFrom(const TopicPartition& tp, Offset& position, MessageBatch& batch, struct ScriptedBatchOwner& owner);

  ScriptedCluster& cluster_;
  const ScriptedOptions options_;
  RebalanceListener& listener_;
  std::deque<std::pair<Event, std::vector<TopicPartition>>> events_;
  std::deque<Error> failures_;
  std::optional<Error> stuck_;
  bool started_ = false, paused_ = false, closed_ = false;
  int polls_ = 0;
  mutable std::mutex mutex_;  // guards what follows
  OffsetVector positions_;    // of the assigned partitions
  std::optional<Error> last_error_;
};

}  // namespace k2i::kafka
