// SPDX-License-Identifier: Apache-2.0
//
// Private to the module: one librdkafka handle with what its callbacks left behind.
#pragma once

#include <librdkafka/rdkafka.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "kafka/options.h"

namespace k2i::kafka {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

/// An assignment or revocation that the group told us and that waits to be carried out.
struct Rebalance {
  rd_kafka_resp_err_t event;
  PartitionList partitions;
};

/// Lives as long as anybody holds it: a batch of messages keeps the handle they came from. Thread-safe but for the
/// rebalances, which belong to the thread that polls.
class RdkafkaClient {
 public:
  /// A consumer that has not subscribed. InvalidConfig names the property that librdkafka refuses.
  static Result<std::shared_ptr<RdkafkaClient>> Open(const KafkaOptions& options);
  ~RdkafkaClient();
  RdkafkaClient(const RdkafkaClient&) = delete;
  RdkafkaClient& operator=(const RdkafkaClient&) = delete;

  rd_kafka_t* handle() const { return handle_; }
  /// Runs the callbacks for errors and commits that have come; waits at most `timeout_ms` for one.
  void ServeEvents(int timeout_ms) { rd_kafka_poll(handle_, timeout_ms); }

  /// An error that no waiting mends (wrong credentials, fenced), taken out.
  std::optional<Error> TakeError();
  /// The brokers cannot be reached; nullopt when they can, as far as is known.
  std::optional<Error> trouble() const;
  /// A connection has broken since the last word on trouble: worth asking a broker.
  bool suspicious() const;
  /// A broker has answered, or has not.
  void SetReachable(rd_kafka_resp_err_t answer);

  /// Where the rebalance callback puts what it hears. While `on_rebalance` is set it is called instead.
  std::vector<Rebalance> pending_rebalances;
  std::function<void(Rebalance)> on_rebalance;

 private:
  RdkafkaClient() = default;
  void OnError(rd_kafka_resp_err_t code, const char* reason);
  static void ErrorCallback(rd_kafka_t*, int code, const char* reason, void* opaque);
  static void RebalanceCallback(rd_kafka_t*, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t*, void* opaque);
  void SetCallbacks(rd_kafka_conf_t* conf);

  rd_kafka_t* handle_ = nullptr;
  mutable std::mutex mutex_;
  std::optional<Error> error_;
  std::optional<Error> trouble_;
  bool suspicious_ = false;
  std::string last_reason_;  // of the last broken connection: says more than "all brokers down"
};

/// The properties for `options`, in the order in which they are set; InvalidConfig for one that is not the user's to
/// set.
Result<std::vector<std::pair<std::string, std::string>>> Properties(const KafkaOptions& options);

/// Cluster id, topic ids and partition counts, within `timeout`. NotFound names a missing topic; PermissionDenied and
/// Unavailable come as soon as they are known.
Result<ClusterInfo> DescribeCluster(RdkafkaClient& client, const std::vector<std::string>& topics, Duration timeout);

}  // namespace k2i::kafka
