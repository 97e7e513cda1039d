// SPDX-License-Identifier: Apache-2.0
// Who the cluster and its topics are.
#include <algorithm>
#include <array>

#include "kafka/rdkafka_client.h"
#include "kafka/rdkafka_error.h"

namespace k2i::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A wait in short steps, so that an error which librdkafka only reports aside is seen at once.
constexpr int kStepMs = 50;
/// "localhost" may be tried as ::1 first and be down for a moment.
constexpr auto kGrace = std::chrono::seconds(2);

std::string Brokers(rd_kafka_t* handle) {
  std::array<char, 512> text{};
  size_t size = text.size();
  const rd_kafka_conf_t* conf = rd_kafka_conf(handle);
  return rd_kafka_conf_get(conf, "bootstrap.servers", text.data(), &size) == RD_KAFKA_CONF_OK ? text.data() : "";
}

/// Wrong credentials at once, or no broker at all when `patient` no more.
Status CheckEvents(RdkafkaClient& client, bool patient) {
  client.ServeEvents(0);
  if (auto error = client.TakeError()) return std::unexpected(error->With(Brokers(client.handle())));
  if (auto trouble = client.trouble(); trouble && !patient) {
    return std::unexpected(trouble->With(Brokers(client.handle())));
  }
  return {};
}

Result<std::string> ClusterId(RdkafkaClient& client, SteadyClock::time_point deadline) {
  const auto patient_until = SteadyClock::now() + kGrace;
  while (true) {
    if (char* id = rd_kafka_clusterid(client.handle(), kStepMs); id != nullptr) {
      std::string text(id);
      rd_kafka_mem_free(client.handle(), id);
      return text;
    }
    K2I_RETURN_IF_ERROR(CheckEvents(client, SteadyClock::now() < patient_until));
    if (SteadyClock::now() >= deadline) {
      return Fail(ErrorCode::kUnavailable, "no answer from Kafka at " + Brokers(client.handle()), Component::kKafka);
    }
  }
}

struct Deleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_TopicCollection_t* topics) const { rd_kafka_TopicCollection_destroy(topics); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
};
using Event = std::unique_ptr<rd_kafka_event_t, Deleter>;

Result<Event> RequestTopics(RdkafkaClient& client, const std::vector<std::string>& topics,
                            SteadyClock::time_point deadline) {
  std::vector<const char*> names;
  for (const std::string& topic : topics) names.push_back(topic.c_str());
  std::unique_ptr<rd_kafka_TopicCollection_t, Deleter> collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  std::unique_ptr<rd_kafka_queue_t, Deleter> queue(rd_kafka_queue_new(client.handle()));
  std::unique_ptr<rd_kafka_AdminOptions_t, Deleter> options(
      rd_kafka_AdminOptions_new(client.handle(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS));
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  std::array<char, 512> reason{};
  // librdkafka wants at least a second or it counts the request as timed out before it is sent.
  const int timeout_ms = static_cast<int>(std::max<int64_t>(left, 1000));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason.data(), reason.size());
  rd_kafka_DescribeTopics(client.handle(), collection.get(), options.get(), queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), timeout_ms + kStepMs));
  if (event == nullptr) {
    return Fail(ErrorCode::kTimeout, "no answer from Kafka at " + Brokers(client.handle()), Component::kKafka);
  }
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = rd_kafka_event_error_string(event.get());
    return std::unexpected(MakeError(code, "describing topics", detail == nullptr ? "" : detail));
  }
  return event;
}

Status AddTopic(const rd_kafka_TopicDescription_t* topic, ClusterInfo& info) {
  const std::string name = rd_kafka_TopicDescription_name(topic);
  const rd_kafka_error_t* error = rd_kafka_TopicDescription_error(topic);
  if (error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(MakeError(rd_kafka_error_code(error), "topic '" + name + "'"));
  }
  const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(topic);
  // Brokers before 2.8 have no topic ids.
  const bool known =
      id != nullptr && (rd_kafka_Uuid_most_significant_bits(id) != 0 || rd_kafka_Uuid_least_significant_bits(id) != 0);
  info.topic_ids[name] = known ? rd_kafka_Uuid_base64str(id) : "";
  size_t partitions = 0;
  rd_kafka_TopicDescription_partitions(topic, &partitions);
  info.partition_counts[name] = static_cast<int>(partitions);
  return {};
}

}  // namespace

Result<ClusterInfo> DescribeCluster(RdkafkaClient& client, const std::vector<std::string>& topics, Duration timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  ClusterInfo info;
  K2I_ASSIGN_OR_RETURN(info.cluster_id, ClusterId(client, deadline));
  if (topics.empty()) return info;
  K2I_ASSIGN_OR_RETURN(const Event event, RequestTopics(client, topics, deadline));
  size_t count = 0;
  const auto* result = rd_kafka_event_DescribeTopics_result(event.get());
  const rd_kafka_TopicDescription_t** descriptions = rd_kafka_DescribeTopics_result_topics(result, &count);
  for (size_t i = 0; i < count; ++i) K2I_RETURN_IF_ERROR(AddTopic(descriptions[i], info));
  return info;
}

}  // namespace k2i::kafka
