// SPDX-License-Identifier: Apache-2.0
#include "kafka/scripted_source_testing.h"

#include <algorithm>
#include <cassert>

namespace k2i::kafka {

/// What the views of a batch point into.
struct ScriptedBatchOwner {
  std::vector<std::shared_ptr<const ScriptedRecord>> records;
  std::deque<std::string> topics;
  std::deque<std::vector<Header>> headers;
};

namespace {

std::string Name(const TopicPartition& tp) { return tp.topic + "[" + std::to_string(tp.partition.value) + "]"; }

std::optional<std::string_view> View(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

void ScriptedCluster::CreateTopic(const std::string& topic, int partitions) {
  std::lock_guard lock(mutex_);
  std::erase_if(logs_, [&](const auto& log) { return log.first.topic == topic; });
  for (int i = 0; i < partitions; ++i) logs_[{topic, PartitionId{i}}] = Log{};
  topic_ids_[topic] = topic + "-id-" + std::to_string(++topics_made_);
}

Offset ScriptedCluster::Append(const TopicPartition& tp, ScriptedRecord record) {
  std::lock_guard lock(mutex_);
  assert(logs_.contains(tp));
  Log& log = logs_[tp];
  log.records.push_back(std::make_shared<const ScriptedRecord>(std::move(record)));
  return Offset{log.end().value - 1};
}

Offset ScriptedCluster::Append(const std::string& topic, int partition, std::string key, std::string value,
                               int64_t timestamp_ms) {
  return Append({topic, PartitionId{partition}}, {std::move(key), std::move(value), timestamp_ms});
}

Offset ScriptedCluster::AppendControlRecord(const TopicPartition& tp) {
  std::lock_guard lock(mutex_);
  Log& log = logs_[tp];
  log.records.push_back(nullptr);
  return Offset{log.end().value - 1};
}

void ScriptedCluster::DeleteBefore(const TopicPartition& tp, Offset start) {
  std::lock_guard lock(mutex_);
  Log& log = logs_[tp];
  while (log.start < start && !log.records.empty()) {
    log.records.pop_front();
    ++log.start.value;
  }
}

void ScriptedCluster::Truncate(const TopicPartition& tp, Offset end) {
  std::lock_guard lock(mutex_);
  Log& log = logs_[tp];
  while (log.end() > end && !log.records.empty()) log.records.pop_back();
}

std::vector<TopicPartition> ScriptedCluster::Partitions(const std::string& topic) const {
  std::lock_guard lock(mutex_);
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, log] : logs_) {
    if (tp.topic == topic) partitions.push_back(tp);
  }
  return partitions;
}

Offset ScriptedCluster::LogStart(const TopicPartition& tp) const {
  std::lock_guard lock(mutex_);
  return logs_.at(tp).start;
}

Offset ScriptedCluster::LogEnd(const TopicPartition& tp) const {
  std::lock_guard lock(mutex_);
  return logs_.at(tp).end();
}

OffsetVector ScriptedCluster::acknowledged() const {
  std::lock_guard lock(mutex_);
  return acknowledged_;
}

ScriptedSource::ScriptedSource(ScriptedCluster& cluster, ScriptedOptions options, RebalanceListener& listener)
    : cluster_(cluster), options_(std::move(options)), listener_(listener) {}

void ScriptedSource::Assign(std::vector<TopicPartition> partitions) {
  events_.emplace_back(Event::kAssign, std::move(partitions));
}
void ScriptedSource::Revoke(std::vector<TopicPartition> partitions) {
  events_.emplace_back(Event::kRevoke, std::move(partitions));
}
void ScriptedSource::Lose(std::vector<TopicPartition> partitions) {
  events_.emplace_back(Event::kLose, std::move(partitions));
}

void ScriptedSource::set_last_error(std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  last_error_ = std::move(error);
}

OffsetVector ScriptedSource::positions() const {
  std::lock_guard lock(mutex_);
  return positions_;
}

Status ScriptedSource::SetStarts(const std::vector<TopicPartition>& partitions, const OffsetVector& starts) {
  for (const TopicPartition& tp : partitions) {
    const auto found = starts.find(tp);
    if (found == starts.end() && options_.offset_reset == OffsetReset::kNone) {
      return Fail(ErrorCode::kInvalidConfig,
                  "the table holds no offset for " + Name(tp) + ", and kafka.auto_offset_reset is none",
                  Component::kKafka);
    }
    const bool earliest = options_.offset_reset == OffsetReset::kEarliest;
    const Offset reset = earliest ? cluster_.LogStart(tp) : cluster_.LogEnd(tp);
    std::lock_guard lock(mutex_);
    positions_[tp] = found == starts.end() ? reset : found->second;
  }
  return {};
}

Status ScriptedSource::CarryOut(Event event, const std::vector<TopicPartition>& partitions) {
  if (event == Event::kAssign) {
    K2I_ASSIGN_OR_RETURN(const OffsetVector starts, listener_.OnAssigned(partitions));
    return SetStarts(partitions, starts);
  }
  if (event == Event::kRevoke) listener_.OnRevoked(partitions);
  if (event == Event::kLose) listener_.OnLost(partitions);
  std::lock_guard lock(mutex_);
  for (const TopicPartition& tp : partitions) positions_.erase(tp);
  return {};
}

Status ScriptedSource::TakeFrom(const TopicPartition& tp, Offset& position, MessageBatch& batch,
                                ScriptedBatchOwner& owner) {
  std::lock_guard lock(cluster_.mutex_);
  const ScriptedCluster::Log& log = cluster_.logs_.at(tp);
  if (position < log.start || position > log.end()) {
    if (!options_.continue_on_data_loss) {
      return Fail(ErrorCode::kDataLoss,
                  "offset " + std::to_string(position.value) + " of " + Name(tp) + " is gone: Kafka holds " +
                      std::to_string(log.start.value) + " to " + std::to_string(log.end().value),
                  Component::kKafka);
    }
    position = position < log.start ? log.start : log.end();
  }
  owner.topics.push_back(tp.topic);
  for (; position < log.end() && batch.messages.size() < static_cast<size_t>(options_.batch_size); ++position.value) {
    const auto& record = log.records[static_cast<size_t>(position.value - log.start.value)];
    if (record == nullptr) continue;
    owner.records.push_back(record);
    auto& headers = owner.headers.emplace_back();
    for (const auto& [name, value] : record->headers) headers.push_back({name, View(value)});
    batch.messages.push_back({owner.topics.back(), tp.partition, position, record->timestamp_ms, View(record->key),
                              View(record->value), headers});
    batch.size_bytes += record->key.value_or("").size() + record->value.value_or("").size();
  }
  return {};
}

Result<MessageBatch> ScriptedSource::Poll(Duration timeout) {
  ++polls_;
  if (closed_) return Fail(ErrorCode::kCancelled, "the source is closed", Component::kKafka);
  if (stuck_) return std::unexpected(*stuck_);
  if (!failures_.empty()) {
    Error error = std::move(failures_.front());
    failures_.pop_front();
    return std::unexpected(std::move(error));
  }
  if (!std::exchange(started_, true) && options_.assign_all) {
    std::vector<TopicPartition> all;
    for (const std::string& topic : options_.topics) {
      const auto partitions = cluster_.Partitions(topic);
      all.insert(all.end(), partitions.begin(), partitions.end());
    }
    events_.emplace_front(Event::kAssign, std::move(all));
  }
  for (; !events_.empty(); events_.pop_front()) {
    const auto [event, partitions] = events_.front();
    if (Status status = CarryOut(event, partitions); !status.has_value()) {
      stuck_ = status.error();
      return std::unexpected(std::move(status).error());
    }
  }
  MessageBatch batch;
  auto owner = std::make_shared<ScriptedBatchOwner>();
  if (!paused_) {
    OffsetVector next = positions();
    // Begins with another partition each time, so that a small batch size starves none.
    const size_t skip = next.empty() ? 0 : static_cast<size_t>(polls_) % next.size();
    std::vector<OffsetVector::iterator> order;
    for (auto it = next.begin(); it != next.end(); ++it) order.push_back(it);
    std::ranges::rotate(order, order.begin() + static_cast<std::ptrdiff_t>(skip));
    for (const auto it : order) {
      if (Status status = TakeFrom(it->first, it->second, batch, *owner); !status.has_value()) {
        stuck_ = status.error();
        return std::unexpected(std::move(status).error());
      }
    }
    for (const auto& [partition, position] : next) {
      if (options_.report_ends && position == cluster_.LogEnd(partition)) batch.ends.push_back({partition, position});
    }
    std::lock_guard lock(mutex_);
    positions_ = std::move(next);
  }
  batch.owner = std::move(owner);
  if (batch.messages.empty() && options_.clock != nullptr) options_.clock->SleepFor(timeout, {});
  return batch;
}

Status ScriptedSource::Pause() {
  paused_ = true;
  return {};
}

Status ScriptedSource::Resume() {
  paused_ = false;
  return {};
}

Status ScriptedSource::Acknowledge(const OffsetVector& next) {
  std::lock_guard lock(cluster_.mutex_);
  for (const auto& [tp, offset] : next) cluster_.acknowledged_[tp] = offset;
  return {};
}

Result<ClusterInfo> ScriptedSource::Describe() {
  std::lock_guard lock(cluster_.mutex_);
  ClusterInfo info{.cluster_id = cluster_.cluster_id_};
  for (const std::string& topic : options_.topics) {
    const auto id = cluster_.topic_ids_.find(topic);
    if (id == cluster_.topic_ids_.end()) {
      return Fail(ErrorCode::kNotFound, "topic '" + topic + "' does not exist", Component::kKafka);
    }
    info.topic_ids[topic] = id->second;
    for (const auto& [tp, log] : cluster_.logs_) info.partition_counts[topic] += tp.topic == topic ? 1 : 0;
  }
  return info;
}

std::map<TopicPartition, PartitionLag> ScriptedSource::Lag() {
  std::map<TopicPartition, PartitionLag> lags;
  for (const auto& [tp, position] : positions()) lags[tp] = {cluster_.LogEnd(tp), position};
  return lags;
}

std::optional<Error> ScriptedSource::LastError() const {
  std::lock_guard lock(mutex_);
  return last_error_;
}

Status ScriptedSource::Close() {
  if (std::exchange(closed_, true)) return {};
  std::vector<TopicPartition> partitions;
  for (const auto& [tp, position] : positions()) partitions.push_back(tp);
  return partitions.empty() ? Status{} : CarryOut(Event::kRevoke, partitions);
}

}  // namespace k2i::kafka
