// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka_client.h"

#include <array>

#include "base/logging.h"
#include "kafka/rdkafka_error.h"

namespace k2i::kafka {
namespace {

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

/// Called on librdkafka's own threads. `level` is syslog's.
void LogCallback(const rd_kafka_t*, int level, const char* facility, const char* message) {
  const log::Level ours = level <= 3   ? log::Level::kError
                          : level == 4 ? log::Level::kWarn
                          : level <= 6 ? log::Level::kInfo
                                       : log::Level::kDebug;
  log::Write(ours, "kafka_client", {{"facility", facility}, {"message", message}});
}

/// A failed commit of group offsets costs nothing: they are for lag tools, and the next one tells them more.
void CommitCallback(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void*) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  log::Warn("kafka_offset_commit_failed", {{"reason", rd_kafka_err2str(code)}, {"code", rd_kafka_err2name(code)}});
}

}  // namespace

void RdkafkaClient::SetCallbacks(rd_kafka_conf_t* conf) {
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_log_cb(conf, LogCallback);
  rd_kafka_conf_set_error_cb(conf, ErrorCallback);
  rd_kafka_conf_set_offset_commit_cb(conf, CommitCallback);
  rd_kafka_conf_set_rebalance_cb(conf, RebalanceCallback);
}

Result<std::shared_ptr<RdkafkaClient>> RdkafkaClient::Open(const KafkaOptions& options) {
  K2I_ASSIGN_OR_RETURN(const auto properties, Properties(options));
  std::shared_ptr<RdkafkaClient> client(new RdkafkaClient);
  Conf conf(rd_kafka_conf_new());
  std::array<char, 512> reason{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
      return Fail(ErrorCode::kInvalidConfig, "librdkafka refuses '" + name + "': " + reason.data(), Component::kKafka);
    }
  }
  client->SetCallbacks(conf.get());
  client->handle_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason.data(), reason.size());
  if (client->handle_ == nullptr) {
    // Properties that contradict each other, files of certificates that cannot be read.
    return Fail(ErrorCode::kInvalidConfig, std::string("librdkafka does not start: ") + reason.data(),
                Component::kKafka);
  }
  conf.release();  // the handle owns it now
  return client;
}

RdkafkaClient::~RdkafkaClient() {
  // Leaving the group is Close's work: here nobody listens to a revocation any more.
  if (handle_ != nullptr) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void RdkafkaClient::ErrorCallback(rd_kafka_t*, int code, const char* reason, void* opaque) {
  // What is fatal is asked of the handle: rdkafka_source.cc.
  if (code == RD_KAFKA_RESP_ERR__FATAL) return;
  static_cast<RdkafkaClient*>(opaque)->OnError(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void RdkafkaClient::OnError(rd_kafka_resp_err_t code, const char* reason) {
  std::lock_guard lock(mutex_);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    trouble_ = MakeError(code, "no Kafka broker can be reached", last_reason_);
    return;
  }
  const ErrorCode kind = CodeOf(code);
  if (kind == ErrorCode::kUnavailable || kind == ErrorCode::kTimeout) {
    suspicious_ = true;
    last_reason_ = reason;  // one broker of several; librdkafka tries again and has logged it
  } else {
    error_ = MakeError(code, "Kafka", reason);
  }
}

void RdkafkaClient::RebalanceCallback(rd_kafka_t*, rd_kafka_resp_err_t event,
                                      rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& client = *static_cast<RdkafkaClient*>(opaque);
  Rebalance rebalance{event, PartitionList(rd_kafka_topic_partition_list_copy(partitions))};
  if (client.on_rebalance) {
    client.on_rebalance(std::move(rebalance));
  } else {
    client.pending_rebalances.push_back(std::move(rebalance));
  }
}

std::optional<Error> RdkafkaClient::TakeError() {
  std::lock_guard lock(mutex_);
  return std::exchange(error_, std::nullopt);
}

std::optional<Error> RdkafkaClient::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

bool RdkafkaClient::suspicious() const {
  std::lock_guard lock(mutex_);
  return suspicious_;
}

void RdkafkaClient::SetReachable(rd_kafka_resp_err_t answer) {
  std::lock_guard lock(mutex_);
  if (answer == RD_KAFKA_RESP_ERR_NO_ERROR) {
    suspicious_ = false;
    trouble_ = std::nullopt;
  } else {
    trouble_ = MakeError(answer, "no Kafka broker answers", last_reason_);
  }
}

}  // namespace k2i::kafka
