// SPDX-License-Identifier: Apache-2.0
//
// A batch of Kafka records as the consumer handed them out: views into memory that the batch keeps alive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace k2i::kafka {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;
};

struct Message {
  std::string_view topic;
  PartitionId partition;
  Offset offset;
  int64_t timestamp_ms = -1;              // record timestamp; -1: none
  std::optional<std::string_view> key;    // nullopt: null key
  std::optional<std::string_view> value;  // nullopt: tombstone
  std::span<const Header> headers;        // only where the source was told to read them
  const void* handle = nullptr;           // the source's own
};

/// A partition has been read up to its end: what is below `next` and was not handed out are offsets without a record
/// for us (control records, aborted transactions).
struct PartitionEnd {
  TopicPartition partition;
  Offset next;
};

/// Messages in the order of polling: ascending offsets within a partition. All views live as long as `owner`.
struct MessageBatch {
  std::vector<Message> messages;
  std::vector<PartitionEnd> ends;  // may come without messages; never ahead of those not handed out yet
  std::shared_ptr<const void> owner;
  size_t size_bytes = 0;  // of keys, values and headers
  /// Where headers are not read beforehand, reads those of one message; views live as long as `owner`. May be null.
  std::vector<Header> (*read_headers)(const Message& message) = nullptr;

  /// Headers of one of `messages`, whether or not they have been read beforehand.
  std::vector<Header> HeadersOf(const Message& message) const {
    if (!message.headers.empty() || read_headers == nullptr) return {message.headers.begin(), message.headers.end()};
    return read_headers(message);
  }
};

}  // namespace k2i::kafka
