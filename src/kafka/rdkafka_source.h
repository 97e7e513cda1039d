// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "kafka/options.h"
#include "kafka/source.h"

namespace k2i::kafka {

/// Source over librdkafka. Rebalances are carried out at the start of Poll, so that the listener is never called while
/// records of the partitions at stake are on their way to the caller. Batches may outlive the source.
class RdkafkaSource final : public Source {
 public:
  /// Connects in the background and subscribes; `listener` must outlive the source. InvalidConfig names the property
  /// that librdkafka refuses.
  static Result<std::unique_ptr<RdkafkaSource>> Open(KafkaOptions options, RebalanceListener& listener);
  /// Without Close: leaves the group all the same, but the listener is not called.
  ~RdkafkaSource() override;

  /// Beside the codes of Source: InvalidConfig when a partition has no boundary and offset_reset is kNone, and whatever
  /// the listener returned. A fatal error, DataLoss and the listener's error stay: every later Poll returns them.
  Result<MessageBatch> Poll(Duration timeout) override;
  Status Pause() override;
  Status Resume() override;
  Status Acknowledge(const OffsetVector& next) override;
  Result<ClusterInfo> Describe() override;
  std::map<TopicPartition, PartitionLag> Lag() override;
  std::optional<Error> LastError() const override;
  Status Close() override;

 private:
  struct Impl;
  explicit RdkafkaSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Connects, signs in and looks the topics up, for `k2i validate`. Unavailable names the addresses and why they do not
/// answer, PermissionDenied comes at the first refusal rather than after retries, NotFound names the topic.
Result<ClusterInfo> Probe(const KafkaOptions& options);

}  // namespace k2i::kafka
