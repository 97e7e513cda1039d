// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "txlog/entry.h"
#include "txlog/log_storage.h"

namespace k2i::txlog {

class FrameCipher;

struct LogOptions {
  int64_t checkpoint_interval_entries = 10'000;
  Duration checkpoint_interval = std::chrono::seconds(300);
  int max_log_files = 10;
  std::shared_ptr<const FrameCipher> cipher = nullptr;  // null: new segments are not encrypted
};

/// The log of one process. Thread-safe.
class Log {
 public:
  struct Opened {
    std::unique_ptr<Log> log;
    RecoveryState state;
    size_t torn_bytes = 0;  // cut from the end
  };
  /// Reads the newest segment, cuts a torn tail, and goes on in a new segment that begins with a checkpoint. `storage`
  /// and `clock` must outlive the log. Corruption names segment and byte.
  static Result<Opened> Open(LogStorage& storage, LogOptions options, Clock& clock);

  /// Appends one entry; durable after the next Sync. Makes a checkpoint when one is due. ResourceExhausted: the disk is
  /// full, nothing of the entry stays, and the same call may be tried again.
  Status Append(const Entry& entry);
  /// Makes everything appended durable. An error is final: every later call returns it.
  Status Sync();

  /// What a recovery would know now.
  RecoveryState state() const;

 private:
  Log(LogStorage& storage, LogOptions options, Clock& clock) : storage_(storage), options_(options), clock_(clock) {}
  Result<std::string> Frame(const Entry& entry) const;
  Status Rotate();
  Status DropOldSegments();

  LogStorage& storage_;
  const LogOptions options_;
  Clock& clock_;
  mutable std::mutex mutex_;
  RecoveryState state_;
  std::optional<Error> failed_;
  int64_t sequence_ = 0;
  size_t size_bytes_ = 0;  // of the current segment
  int64_t entries_since_checkpoint_ = 0;
  Duration last_checkpoint_{0};
};

/// Sequence in the name of a segment; nullopt for other files.
std::optional<int64_t> SegmentSequence(const std::string& name);
std::string SegmentName(int64_t sequence);

}  // namespace k2i::txlog
