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

/// Append-only file of dead letters, one JSON object a line: topic, partition, offset, timestamp_ms, key and value
/// (base64, null where the record has none), reason. A letter that the file holds already is not written again, so that
/// a record that is read twice after a crash stands there once; the same offset with another content (the topic was
/// made anew) is another letter. Keeps 16 bytes a letter in memory. One thread.
class DeadLetterFile {
 public:
  /// Opens or makes the file; a line that a crash cut short is removed. Errors carry Component::kTransactionLog.
  static Result<std::unique_ptr<DeadLetterFile>> Open(const std::string& path);
  ~DeadLetterFile();

  /// Number of letters that were new. ResourceExhausted: the disk is full, and nothing of them stays.
  Result<int64_t> Append(const std::vector<DeadLetter>& letters);
  /// Makes all letters durable; nothing to do, nothing done. An error is final: every later call returns it.
  Status Sync();

  const std::string& path() const { return path_; }

 private:
  /// What tells letters of one partition apart.
  struct Mark {
    int64_t offset;
    uint32_t content;  // checksum of timestamp, key and value
  };
  using Marks = std::map<TopicPartition, std::vector<Mark>>;  // ascending offsets

  explicit DeadLetterFile(std::string path) : path_(std::move(path)) {}
  Status ReadBack();
  bool Holds(const TopicPartition& partition, Mark mark) const;
  /// False when it is there already.
  static bool Insert(Marks& marks, const TopicPartition& partition, Mark mark);

  const std::string path_;
  int fd_ = -1;
  bool dirty_ = false;
  std::optional<Error> failed_;
  Marks marks_;
};

}  // namespace k2i::txlog
