// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace k2i::record {

enum class Format { kJson, kRaw };

/// Names of the columns filled from the Kafka record rather than from its value; empty: off. K2I creates them as
/// - topic: string
/// - partition: int
/// - offset: long
/// - timestamp: timestamptz; null for a record without a timestamp
/// - key: string for JSON, binary for raw; in a table that is there already, either. Where it is a string, a key that
///   is not UTF-8 rejects the record: its bytes must not be lost.
/// - headers: list<struct<name: string required, value: binary>>; empty for a record without headers
struct MetadataColumns {
  std::string topic = "_kafka_topic";
  std::string partition = "_kafka_partition";
  std::string offset = "_kafka_offset";
  std::string timestamp = "_kafka_timestamp";
  std::string key = "_kafka_key";
  std::string headers;
};

struct DecoderOptions {
  Format format = Format::kJson;
  MetadataColumns metadata;
  /// Format::kJson: the string column that takes the fields the table has no column for; empty: off.
  std::string extra_column;
};

}  // namespace k2i::record
