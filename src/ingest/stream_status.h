// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace k2i::ingest {

struct PartitionStatus {
  TopicPartition partition;
  std::optional<Offset> position;   // next to read
  std::optional<Offset> committed;  // next after the table's newest snapshot
  std::optional<Offset> log_end;
};

struct CommitStatus {
  int64_t snapshot_id = 0;
  int64_t committed_at_ms = 0;
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  double seconds = 0;
  std::string reason;  // of the flush
};

/// What `k2i status`, /api/v1/status and the progress line show.
struct StreamStatus {
  std::string state = "starting";  // starting, inferring, running, paused, stopping
  std::string pipeline;
  std::string table;
  std::vector<PartitionStatus> partitions;
  int64_t consumed = 0;
  int64_t committed_rows = 0;
  int64_t committed_files = 0;
  int64_t commits = 0;
  int64_t fenced_rows = 0;
  int64_t dead_letters = 0;
  int64_t buffer_rows = 0;   // not committed
  int64_t buffer_bytes = 0;  // of all rows
  int64_t buffer_limit_bytes = 0;
  int64_t retained_rows = 0;  // committed, and still in memory for look-ups
  int64_t retained_bytes = 0;
  double oldest_uncommitted_seconds = 0;
  bool flush_in_flight = false;
  std::deque<CommitStatus> last_commits;  // newest last, at most kLastCommits

  static constexpr size_t kLastCommits = 20;
  /// Records not yet read, over all partitions whose end is known.
  int64_t lag() const;
  /// Records read or not that the table does not hold yet.
  int64_t uncommitted_lag() const;
};

/// The body of /api/v1/status, health aside.
std::string StatusJson(const StreamStatus& status);

/// A StreamStatus that one thread writes and others read.
class SharedStatus {
 public:
  template <typename Change>
  void Update(Change change) {
    std::lock_guard lock(mutex_);
    change(status_);
  }
  StreamStatus Get() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  StreamStatus status_;
};

}  // namespace k2i::ingest
