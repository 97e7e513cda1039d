// SPDX-License-Identifier: Apache-2.0
//
// kafka: the seam to the broker. Source is what the pipeline reads; RdkafkaSource is the real one (librdkafka), the
// scripted one for tests is kafka_testing.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "kafka/cluster_info.h"
#include "kafka/message.h"

namespace k2i::kafka {

/// Where a partition begins when the table holds no boundary for it.
enum class OffsetReset { kEarliest, kLatest, kNone };

/// Called from within Poll() and Close(), on the thread that polls.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  /// The partitions are ours from now on. Returns where to start each; one that is left out starts by the source's
  /// OffsetReset. An error stops the source: the next Poll() returns it.
  virtual Result<OffsetVector> OnAssigned(const std::vector<TopicPartition>& partitions) = 0;
  /// The partitions go to another owner when this returns; a commit in flight may still be waited for here.
  virtual void OnRevoked(const std::vector<TopicPartition>& partitions) = 0;
  /// The partitions have gone already.
  virtual void OnLost(const std::vector<TopicPartition>& partitions) = 0;
};

struct PartitionLag {
  Offset log_end;   // high watermark (last stable offset with read_committed)
  Offset position;  // next offset to hand out
};

/// One consumer of a group. All calls from one thread, but Acknowledge, Lag and LastError, which are thread-safe.
/// Errors carry Component::kKafka: Unavailable (brokers not reachable; librdkafka goes on trying), PermissionDenied,
/// NotFound (topic), DataLoss (start offset out of range), Fenced (group instance), Internal.
class Source {
 public:
  virtual ~Source() = default;
  /// Up to the source's batch size of records; waits at most `timeout` for the first and takes then what is there. An
  /// empty batch is normal. Must go on being called while partitions are paused: it keeps the group membership alive.
  virtual Result<MessageBatch> Poll(Duration timeout) = 0;
  /// Stops handing out records of all assigned partitions; the position stays. Idempotent; holds for partitions
  /// assigned later too, until Resume.
  virtual Status Pause() = 0;
  virtual Status Resume() = 0;
  /// Tells the group that everything below `next` is committed, for lag tools only; never read back. Does not wait.
  virtual Status Acknowledge(const OffsetVector& next) = 0;
  /// Asks the brokers; NotFound when a subscribed topic does not exist.
  virtual Result<ClusterInfo> Describe() = 0;
  /// From the last statistics; does no I/O.
  virtual std::map<TopicPartition, PartitionLag> Lag() = 0;
  /// What keeps records from coming though the source goes on trying (brokers not reachable), for health; nullopt when
  /// all is well. Thread-safe.
  virtual std::optional<Error> LastError() const { return std::nullopt; }
  /// Leaves the group (OnRevoked is called) and frees the connection.
  virtual Status Close() = 0;
};

}  // namespace k2i::kafka
