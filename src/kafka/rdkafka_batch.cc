// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka_batch.h"

namespace k2i::kafka {
namespace {

/// Frees the messages on whichever thread lets go of the batch last, and only then its hold on the handle.
struct Owner {
  std::shared_ptr<RdkafkaClient> client;
  std::vector<rd_kafka_message_t*> messages;
  std::vector<Header> headers;

  ~Owner() {
    for (rd_kafka_message_t* message : messages) rd_kafka_message_destroy(message);
  }
};

std::optional<std::string_view> View(const void* data, size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

/// Appends the message's headers; returns how many bytes they have.
size_t AppendHeaders(const rd_kafka_message_t* message, std::vector<Header>& out) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  size_t bytes = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    out.push_back(Header{name, View(value, size)});
    bytes += out.back().name.size() + size;
  }
  return bytes;
}

std::vector<Header> ReadHeaders(const Message& message) {
  std::vector<Header> headers;
  AppendHeaders(static_cast<const rd_kafka_message_t*>(message.handle), headers);
  return headers;
}

}  // namespace

MessageBatch MakeBatch(std::shared_ptr<RdkafkaClient> client, std::span<rd_kafka_message_t*> messages,
                       bool read_headers) {
  auto owner = std::make_shared<Owner>();
  owner->client = std::move(client);
  owner->messages.assign(messages.begin(), messages.end());
  MessageBatch batch;
  if (!read_headers) batch.read_headers = ReadHeaders;
  batch.messages.reserve(messages.size());
  std::vector<size_t> header_ends;
  const rd_kafka_topic_t* last_topic = nullptr;
  std::string_view topic_name;
  for (const rd_kafka_message_t* raw : messages) {
    if (raw->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    if (raw->rkt != last_topic) {
      last_topic = raw->rkt;
      topic_name = rd_kafka_topic_name(raw->rkt);
    }
    rd_kafka_timestamp_type_t timestamp_type{};
    const int64_t timestamp_ms = rd_kafka_message_timestamp(raw, &timestamp_type);
    batch.messages.push_back(
        Message{.topic = topic_name,
                .partition = PartitionId{raw->partition},
                .offset = Offset{raw->offset},
                .timestamp_ms = timestamp_type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms,
                .key = View(raw->key, raw->key_len),
                .value = View(raw->payload, raw->len),
                .handle = raw});
    batch.size_bytes += raw->key_len + raw->len;
    if (read_headers) {
      batch.size_bytes += AppendHeaders(raw, owner->headers);
      header_ends.push_back(owner->headers.size());
    }
  }
  // Only now that the vector no longer grows do spans of it hold.
  for (size_t i = 0, begin = 0; i < header_ends.size(); begin = header_ends[i], ++i) {
    batch.messages[i].headers = std::span<const Header>(owner->headers).subspan(begin, header_ends[i] - begin);
  }
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace k2i::kafka
