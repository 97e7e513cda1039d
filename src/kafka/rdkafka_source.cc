// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka_source.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/logging.h"
#include "kafka/rdkafka_batch.h"
#include "kafka/rdkafka_client.h"
#include "kafka/rdkafka_error.h"

namespace k2i::kafka {
namespace {

constexpr int kQueryTimeoutMs = 5000;
constexpr int kTroubleProbeMs = 200;
constexpr auto kTroubleProbeInterval = std::chrono::seconds(1);

int Milliseconds(Duration duration) {
  return static_cast<int>(std::max<int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

PartitionList MakeList(const std::set<TopicPartition>& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const TopicPartition& tp : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value);
  }
  return list;
}

std::vector<TopicPartition> ToVector(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, PartitionId{list.elems[i].partition}});
  return partitions;
}

std::string Name(const TopicPartition& tp) { return tp.topic + "[" + std::to_string(tp.partition.value) + "]"; }

/// Takes over and destroys.
Status ToStatus(rd_kafka_error_t* error, std::string_view context) {
  if (error == nullptr) return {};
  Error ours = MakeError(rd_kafka_error_code(error), context, rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  return std::unexpected(std::move(ours));
}

Status ToStatus(rd_kafka_resp_err_t code, std::string_view context) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(MakeError(code, context));
}

}  // namespace

struct RdkafkaSource::Impl {
  Impl(KafkaOptions o, RebalanceListener& l) : options(std::move(o)), listener(l) {}

  Status Subscribe();
  // Rebalance.
  Status CarryOutRebalances();
  Status CarryOut(const Rebalance& rebalance);
  Status Assign(const Rebalance& rebalance);
  Status Revoke(const Rebalance& rebalance);
  /// Answers a rebalance that could not be carried out with nothing: unanswered, librdkafka would never let go.
  void Decline();
  Status SetStarts(const OffsetVector& starts, rd_kafka_topic_partition_list_t& list) const;
  // Polling.
  Status CheckEvents();
  Status CheckAlive();
  /// Knocks again until the member that has our instance id is gone.
  Status WaitForInstance(const Error& error);
  Result<MessageBatch> Take(rd_kafka_message_t* first);
  PartitionEnd OnEnd(const rd_kafka_message_t& message);
  Status OnErrorMessage(const rd_kafka_message_t& message);
  Status OnOutOfRange(const rd_kafka_message_t& message);
  /// Goes on at `offset` in a partition whose fetching has stopped.
  Status RestartAt(const TopicPartition& tp, int64_t offset);
  void LookWhetherBrokersAnswer();
  Status SetPaused(bool pause);
  Status Hold(rd_kafka_topic_partition_list_t& list);
  /// As it was last said: while the group is being left, librdkafka may have no answer (null).
  bool IsCooperative() {
    const char* protocol = rd_kafka_rebalance_protocol(client->handle());
    if (protocol != nullptr) cooperative = std::string_view(protocol) == "COOPERATIVE";
    return cooperative;
  }
  /// Remembers an error that no later call mends.
  Status Stick(Status status);
  std::shared_ptr<RdkafkaClient> SharedClient() {
    std::lock_guard lock(mutex);
    return client;
  }

  const KafkaOptions options;
  RebalanceListener& listener;
  bool silent = false;            // the listener is not called any more
  bool cooperative = false;       // the group's protocol of rebalancing, as far as it is known
  std::optional<Error> stuck;     // what every Poll returns from now on
  std::optional<Error> deferred;  // what the next Poll returns
  bool paused = false;
  /// What librdkafka has been told to pause. It remembers that of partitions that are given up, and they would come
  /// back paused.
  std::set<TopicPartition> held;
  std::map<TopicPartition, int64_t> started_at;  // as assigned; RD_KAFKA_OFFSET_BEGINNING and _END too
  std::vector<rd_kafka_message_t*> scratch;
  std::chrono::steady_clock::time_point next_trouble_probe{};

  std::mutex mutex;  // guards what Acknowledge and Lag read from other threads
  std::shared_ptr<RdkafkaClient> client;
  std::optional<Error> waiting;  // for another member to give our instance id up
  std::set<TopicPartition> assigned;
  std::map<TopicPartition, int64_t> ends;  // of partitions read up to their end: where that was
};

Status RdkafkaSource::Impl::Subscribe() {
  PartitionList topics(rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size())));
  for (const std::string& topic : options.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  return ToStatus(rd_kafka_subscribe(client->handle(), topics.get()), "subscribing");
}

Status RdkafkaSource::Impl::Stick(Status status) {
  if (!status.has_value()) stuck = status.error();
  return status;
}

Status RdkafkaSource::Impl::CarryOutRebalances() {
  // Carrying one out may bring the next.
  while (!client->pending_rebalances.empty()) {
    const Rebalance next = std::move(client->pending_rebalances.front());
    client->pending_rebalances.erase(client->pending_rebalances.begin());
    Status status = Stick(CarryOut(next));
    if (!status.has_value()) {
      Decline();
      return status;
    }
  }
  return {};
}

void RdkafkaSource::Impl::Decline() {
  rd_kafka_t* handle = client->handle();
  const PartitionList nothing(rd_kafka_topic_partition_list_new(0));
  if (IsCooperative()) {
    if (rd_kafka_error_t* error = rd_kafka_incremental_assign(handle, nothing.get())) rd_kafka_error_destroy(error);
  } else {
    rd_kafka_assign(handle, nullptr);
  }
}

Status RdkafkaSource::Impl::CarryOut(const Rebalance& rebalance) {
  switch (rebalance.event) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      return Assign(rebalance);
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      return Revoke(rebalance);
    default:
      return std::unexpected(MakeError(rebalance.event, "rebalance"));
  }
}

Status RdkafkaSource::Impl::SetStarts(const OffsetVector& starts, rd_kafka_topic_partition_list_t& list) const {
  for (int i = 0; i < list.cnt; ++i) {
    rd_kafka_topic_partition_t& element = list.elems[i];
    const TopicPartition tp{element.topic, PartitionId{element.partition}};
    if (const auto found = starts.find(tp); found != starts.end()) {
      element.offset = found->second.value;
    } else if (options.offset_reset == OffsetReset::kNone) {
      return Fail(ErrorCode::kInvalidConfig,
                  "the table holds no offset for " + Name(tp) + ", and kafka.auto_offset_reset is none",
                  Component::kKafka);
    } else {
      const bool earliest = options.offset_reset == OffsetReset::kEarliest;
      element.offset = earliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
    }
  }
  return {};
}

Status RdkafkaSource::Impl::Assign(const Rebalance& rebalance) {
  rd_kafka_topic_partition_list_t* list = rebalance.partitions.get();
  const std::vector<TopicPartition> partitions = ToVector(*list);
  K2I_ASSIGN_OR_RETURN(const OffsetVector starts, listener.OnAssigned(partitions));
  K2I_RETURN_IF_ERROR(SetStarts(starts, *list));
  rd_kafka_t* handle = client->handle();
  if (IsCooperative()) {
    K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_incremental_assign(handle, list), "assigning partitions"));
  } else {
    K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_assign(handle, list), "assigning partitions"));
  }
  if (paused) K2I_RETURN_IF_ERROR(Hold(*list));
  for (int i = 0; i < list->cnt; ++i) started_at[partitions[static_cast<size_t>(i)]] = list->elems[i].offset;
  std::lock_guard lock(mutex);
  waiting.reset();
  assigned.insert(partitions.begin(), partitions.end());
  return {};
}

Status RdkafkaSource::Impl::Revoke(const Rebalance& rebalance) {
  rd_kafka_t* handle = client->handle();
  const std::vector<TopicPartition> partitions = ToVector(*rebalance.partitions);
  const bool lost = rd_kafka_assignment_lost(handle) != 0;
  if (!silent && lost) listener.OnLost(partitions);
  if (!silent && !lost) listener.OnRevoked(partitions);
  {
    std::lock_guard lock(mutex);
    for (const TopicPartition& tp : partitions) {
      assigned.erase(tp);
      ends.erase(tp);
    }
  }
  if (IsCooperative()) {
    return ToStatus(rd_kafka_incremental_unassign(handle, rebalance.partitions.get()), "giving partitions up");
  }
  return ToStatus(rd_kafka_assign(handle, nullptr), "giving partitions up");
}

Status RdkafkaSource::Impl::CheckEvents() {
  if (deferred) return std::unexpected(*std::exchange(deferred, std::nullopt));
  client->ServeEvents(0);
  K2I_RETURN_IF_ERROR(CheckAlive());
  std::optional<Error> error = client->TakeError();
  return error ? Status(std::unexpected(*std::move(error))) : Status{};
}

Status RdkafkaSource::Impl::CheckAlive() {
  Error error;
  const rd_kafka_resp_err_t fatal = FatalError(client->handle(), error);
  if (fatal == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (fatal == RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID) return WaitForInstance(error);
  return Stick(std::unexpected(std::move(error)));
}

Status RdkafkaSource::Impl::WaitForInstance(const Error& error) {
  // With the consumer protocol a member that was killed keeps its instance id until its session ends, and its successor
  // is refused. The handle cannot be used again.
  K2I_ASSIGN_OR_RETURN(auto fresh, RdkafkaClient::Open(options));
  {
    std::lock_guard lock(mutex);
    client = std::move(fresh);
    held.clear();
    waiting = Error{ErrorCode::kUnavailable, error.message + "; waiting for it to go", Component::kKafka};
  }
  K2I_RETURN_IF_ERROR(Subscribe());
  return std::unexpected(*waiting);
}

Result<MessageBatch> RdkafkaSource::Impl::Take(rd_kafka_message_t* first) {
  scratch.resize(static_cast<size_t>(options.batch_size));
  scratch[0] = first;
  size_t count = 1;
  if (first->err == RD_KAFKA_RESP_ERR_NO_ERROR || first->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // With a timeout this call would wait until the array is full or time is up; without, it takes what is there.
    std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(
        rd_kafka_queue_get_consumer(client->handle()), rd_kafka_queue_destroy);
    const auto more = rd_kafka_consume_batch_queue(queue.get(), 0, scratch.data() + 1, scratch.size() - 1);
    if (more > 0) count += static_cast<size_t>(more);
  }
  const std::span<rd_kafka_message_t*> taken(scratch.data(), count);
  MessageBatch batch = MakeBatch(client, taken, options.read_headers);
  if (!batch.messages.empty()) client->SetReachable(RD_KAFKA_RESP_ERR_NO_ERROR);
  Status problem;
  for (const rd_kafka_message_t* message : taken) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      batch.ends.push_back(OnEnd(*message));
      continue;
    }
    if (Status status = OnErrorMessage(*message); !status.has_value()) problem = std::move(status);
  }
  if (problem.has_value()) return batch;
  if (batch.messages.empty() && batch.ends.empty()) return std::unexpected(std::move(problem).error());
  deferred = std::move(problem).error();  // the records that came before it go out first
  return batch;
}

PartitionEnd RdkafkaSource::Impl::OnEnd(const rd_kafka_message_t& message) {
  PartitionEnd end{{rd_kafka_topic_name(message.rkt), PartitionId{message.partition}}, Offset{message.offset}};
  std::lock_guard lock(mutex);
  ends[end.partition] = end.next.value;
  return end;
}

Status RdkafkaSource::Impl::OnErrorMessage(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__FATAL) return CheckAlive();
  const char* detail = rd_kafka_message_errstr(&message);
  Error error = MakeError(message.err, "Kafka", detail == nullptr ? "" : detail);
  if (error.code == ErrorCode::kDataLoss) return Stick(OnOutOfRange(message));
  if (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout) {
    log::Warn("kafka_error", {{"error", error.message}});  // librdkafka mends it by itself
    return {};
  }
  return std::unexpected(std::move(error));
}

Status RdkafkaSource::Impl::OnOutOfRange(const rd_kafka_message_t& message) {
  const TopicPartition tp{rd_kafka_topic_name(message.rkt), PartitionId{message.partition}};
  int64_t low = 0, high = 0;
  K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_query_watermark_offsets(client->handle(), tp.topic.c_str(), tp.partition.value,
                                                                &low, &high, kQueryTimeoutMs),
                               "asking for the range of " + Name(tp)));
  const int64_t target = message.offset < low ? low : high;
  std::string text = "offset " + std::to_string(message.offset) + " of " + Name(tp) + " is gone: Kafka holds " +
                     std::to_string(low) + " to " + std::to_string(high);
  if (!options.continue_on_data_loss) {
    text += "; to go on with what is there, run `k2i offsets rewind --partition " + tp.topic + "/" +
            std::to_string(tp.partition.value) + " --offset " + std::to_string(target) +
            (target > message.offset ? " --allow-gap`" : " --allow-duplicates`") +
            " or set kafka.on_data_loss = \"continue\"";
    return Fail(ErrorCode::kDataLoss, text, Component::kKafka);
  }
  log::Error("kafka_data_loss", {{"message", text},
                                 {"topic", tp.topic},
                                 {"partition", tp.partition.value},
                                 {"wanted", message.offset},
                                 {"continues_at", target}});
  started_at[tp] = target;
  return RestartAt(tp, target);
}

Status RdkafkaSource::Impl::RestartAt(const TopicPartition& tp, int64_t offset) {
  // A seek is refused once fetching has stopped with an error; assigning anew is not.
  PartitionList one = MakeList({tp});
  one->elems[0].offset = offset;
  rd_kafka_t* handle = client->handle();
  if (IsCooperative()) {
    K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_incremental_unassign(handle, one.get()), "restarting " + Name(tp)));
    K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_incremental_assign(handle, one.get()), "restarting " + Name(tp)));
    return paused ? Hold(*one) : Status{};
  }
  const PartitionList all = MakeList(assigned);
  K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_position(handle, all.get()), "restarting " + Name(tp)));
  for (int i = 0; i < all->cnt; ++i) {
    rd_kafka_topic_partition_t& element = all->elems[i];
    const TopicPartition other{element.topic, PartitionId{element.partition}};
    if (element.offset < 0) element.offset = started_at.at(other);  // nothing read of it yet
    if (other == tp) element.offset = offset;
  }
  K2I_RETURN_IF_ERROR(ToStatus(rd_kafka_assign(handle, all.get()), "restarting " + Name(tp)));
  return paused ? Hold(*all) : Status{};
}

void RdkafkaSource::Impl::LookWhetherBrokersAnswer() {
  // librdkafka does not tell when a broker is back, and "all brokers down" is not raised in every case.
  const auto now = std::chrono::steady_clock::now();
  if (now < next_trouble_probe || !(client->suspicious() || client->trouble())) return;
  next_trouble_probe = now + kTroubleProbeInterval;
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client->handle(), 0, nullptr, &metadata, kTroubleProbeMs);
  if (metadata != nullptr) rd_kafka_metadata_destroy(metadata);
  client->SetReachable(code);
}

Status RdkafkaSource::Impl::SetPaused(bool pause) {
  if (client == nullptr || paused == pause) return {};
  paused = pause;
  const PartitionList list = MakeList(pause ? assigned : std::exchange(held, {}));
  if (list->cnt == 0) return {};
  return pause ? Hold(*list) : ToStatus(rd_kafka_resume_partitions(client->handle(), list.get()), "resuming");
}

Status RdkafkaSource::Impl::Hold(rd_kafka_topic_partition_list_t& list) {
  for (const TopicPartition& tp : ToVector(list)) held.insert(tp);
  return ToStatus(rd_kafka_pause_partitions(client->handle(), &list), "pausing");
}

RdkafkaSource::RdkafkaSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RdkafkaSource::~RdkafkaSource() {
  if (impl_->client == nullptr) return;
  impl_->silent = true;
  (void)Close();
}

Result<std::unique_ptr<RdkafkaSource>> RdkafkaSource::Open(KafkaOptions options, RebalanceListener& listener) {
  auto impl = std::make_unique<Impl>(std::move(options), listener);
  K2I_ASSIGN_OR_RETURN(impl->client, RdkafkaClient::Open(impl->options));
  K2I_RETURN_IF_ERROR(impl->Subscribe());
  return std::unique_ptr<RdkafkaSource>(new RdkafkaSource(std::move(impl)));
}

Result<MessageBatch> RdkafkaSource::Poll(Duration timeout) {
  if (impl_->stuck) return std::unexpected(*impl_->stuck);
  if (impl_->client == nullptr) return Fail(ErrorCode::kCancelled, "the source is closed", Component::kKafka);
  K2I_RETURN_IF_ERROR(impl_->CheckEvents());
  K2I_RETURN_IF_ERROR(impl_->CarryOutRebalances());
  rd_kafka_message_t* first = rd_kafka_consumer_poll(impl_->client->handle(), Milliseconds(timeout));
  if (first != nullptr) return impl_->Take(first);
  K2I_RETURN_IF_ERROR(impl_->CarryOutRebalances());
  impl_->LookWhetherBrokersAnswer();
  return MessageBatch{};
}

Status RdkafkaSource::Pause() { return impl_->SetPaused(true); }
Status RdkafkaSource::Resume() { return impl_->SetPaused(false); }

Status RdkafkaSource::Acknowledge(const OffsetVector& next) {
  const auto client = impl_->SharedClient();
  if (client == nullptr || next.empty()) return {};
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
  for (const auto& [tp, offset] : next) {
    rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition.value)->offset = offset.value;
  }
  return ToStatus(rd_kafka_commit(client->handle(), list.get(), /*async=*/1), "acknowledging offsets");
}

Result<ClusterInfo> RdkafkaSource::Describe() {
  if (impl_->client == nullptr) return Fail(ErrorCode::kCancelled, "the source is closed", Component::kKafka);
  return DescribeCluster(*impl_->client, impl_->options.topics, impl_->options.request_timeout);
}

std::map<TopicPartition, PartitionLag> RdkafkaSource::Lag() {
  std::map<TopicPartition, PartitionLag> lags;
  std::set<TopicPartition> assigned;
  std::map<TopicPartition, int64_t> ends;
  std::shared_ptr<RdkafkaClient> client;
  {
    std::lock_guard lock(impl_->mutex);
    assigned = impl_->assigned;
    ends = impl_->ends;
    client = impl_->client;
  }
  if (client == nullptr || assigned.empty()) return lags;
  const PartitionList positions = MakeList(assigned);
  if (rd_kafka_position(client->handle(), positions.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return lags;
  for (int i = 0; i < positions->cnt; ++i) {
    const rd_kafka_topic_partition_t& element = positions->elems[i];
    int64_t low = RD_KAFKA_OFFSET_INVALID, high = RD_KAFKA_OFFSET_INVALID;
    rd_kafka_get_watermark_offsets(client->handle(), element.topic, element.partition, &low, &high);
    const TopicPartition tp{element.topic, PartitionId{element.partition}};
    // librdkafka's position follows records: behind the last one may lie offsets without any.
    const auto end = ends.find(tp);
    const int64_t position = end == ends.end() ? element.offset : std::max(element.offset, end->second);
    if (high < 0 || position < 0) continue;  // nothing fetched yet
    lags[tp] = {Offset{high}, Offset{position}};
  }
  return lags;
}

std::optional<Error> RdkafkaSource::LastError() const {
  const auto client = impl_->SharedClient();
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->waiting) return impl_->waiting;
  }
  return client == nullptr ? std::nullopt : client->trouble();
}

Status RdkafkaSource::Close() {
  Impl& impl = *impl_;
  if (impl.client == nullptr) return {};
  Status status;
  const auto leave = [&](const Rebalance& rebalance) {
    // What comes now cannot be put off. Nothing new is taken.
    Status carried;
    if (rebalance.event == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
      carried = impl.Revoke(rebalance);
    else
      impl.Decline();
    if (!carried.has_value()) status = std::move(carried);
  };
  for (const Rebalance& rebalance : std::exchange(impl.client->pending_rebalances, {})) leave(rebalance);
  impl.client->on_rebalance = leave;
  const rd_kafka_resp_err_t code = rd_kafka_consumer_close(impl.client->handle());
  impl.client->on_rebalance = nullptr;
  {
    std::lock_guard lock(impl.mutex);
    impl.assigned.clear();
    impl.client = nullptr;
  }
  K2I_RETURN_IF_ERROR(status);
  return ToStatus(code, "leaving the group");
}

Result<ClusterInfo> Probe(const KafkaOptions& options) {
  KafkaOptions quick = options;
  quick.group_id.clear();  // nobody is to see a member come and go
  quick.group_instance_id.clear();
  quick.consumer_protocol = false;
  K2I_ASSIGN_OR_RETURN(const auto client, RdkafkaClient::Open(quick));
  return DescribeCluster(*client, options.topics, options.request_timeout);
}

}  // namespace k2i::kafka
