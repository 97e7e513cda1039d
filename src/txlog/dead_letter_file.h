// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"

namespace k2i::txlog {

/// A record that could not be decoded.
struct DeadLetter {
  TopicPartition partition;
  Offset offset;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::string reason;
};

/// Append-only file of dead letters, one JSON object a line: topic, partition, offset, timestamp_ms, key and value (base64,
/// null where the record has none), reason. A letter that the file holds already is not written again, so that a record that
/// is read twice after a crash stands there once. One thread.
class DeadLetterFile {
 public:
  /// Opens or makes the file; a line that a crash cut short is removed. Errors carry Component::kTransactionLog.
  static Result<std::unique_ptr<DeadLetterFile>> Open(const std::string& path);
  ~DeadLetterFile();

  /// Number of letters that were new.
  Result<int64_t> Append(const std::vector<DeadLetter>& letters);
  /// Makes all letters durable; nothing to do, nothing done.
  Status Sync();

  const std::string& path() const { return path_; }

 private:
  explicit DeadLetterFile(std::string path) : path_(std::move(path)) {}
  Status ReadBack();

  const std::string path_;
  int fd_ = -1;
  bool dirty_ = false;
  // Offsets of a partition come in order, so the last one written tells what is there already.
  OffsetVector last_;
};

}  // namespace k2i::txlog
