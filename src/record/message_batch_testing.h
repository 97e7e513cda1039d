// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/message.h"

namespace k2i::record {

/// Makes message batches for tests; the batch owns its bytes.
class MessageBatchBuilder {
 public:
  struct Record {
    std::string topic = "events";
    int32_t partition = 0;
    int64_t offset = -1;  // -1: one after the last added, from 0
    int64_t timestamp_ms = 1'700'000'000'000;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  };

  MessageBatchBuilder& Add(Record record) {
    if (record.offset < 0) record.offset = next_offset_;
    next_offset_ = record.offset + 1;
    records_->push_back({std::move(record), {}});
    return *this;
  }
  MessageBatchBuilder& AddValue(std::string value) { return Add({.value = std::move(value)}); }

  /// The batch of all records added; the builder is empty after it.
  kafka::MessageBatch Build() {
    kafka::MessageBatch batch;
    for (Kept& kept : *records_) {
      const Record& record = kept.record;
      for (const auto& [name, value] : record.headers) kept.headers.push_back({name, View(value)});
      batch.messages.push_back({.topic = record.topic,
                                .partition = PartitionId{record.partition},
                                .offset = Offset{record.offset},
                                .timestamp_ms = record.timestamp_ms,
                                .key = View(record.key),
                                .value = View(record.value),
                                .headers = kept.headers});
      batch.size_bytes += record.key.value_or("").size() + record.value.value_or("").size();
    }
    batch.owner = std::exchange(records_, std::make_shared<std::deque<Kept>>());
    return batch;
  }

 private:
  struct Kept {
    Record record;
    std::vector<kafka::Header> headers;
  };

  static std::optional<std::string_view> View(const std::optional<std::string>& bytes) {
    return bytes.has_value() ? std::optional<std::string_view>(*bytes) : std::nullopt;
  }

  std::shared_ptr<std::deque<Kept>> records_ = std::make_shared<std::deque<Kept>>();
  int64_t next_offset_ = 0;
};

}  // namespace k2i::record
