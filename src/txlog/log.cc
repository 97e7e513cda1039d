// SPDX-License-Identifier: Apache-2.0
#include "txlog/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/logging.h"
#include "txlog/frame.h"
#include "txlog/replay.h"

namespace k2i::txlog {
namespace {

constexpr std::string_view kPrefix = "txlog-";
constexpr std::string_view kSuffix = ".k2i";

Result<std::vector<int64_t>> ListSegments(LogStorage& storage) {
  K2I_ASSIGN_OR_RETURN(const auto names, storage.List());
  std::vector<int64_t> sequences;
  for (const auto& name : names) {
    if (const auto sequence = SegmentSequence(name)) sequences.push_back(*sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  return sequences;
}

/// Room may come, but not for what has been lost: nobody is to wait for it.
Error ForGood(Error error) {
  if (error.retryable()) error.code = ErrorCode::kInternal;
  return error;
}

Error Explain(Error error, const std::string& segment) {
  if (error.code == ErrorCode::kCorruption) {
    error.message +=
        ". The table holds all progress: to start without this log, move the segments away; files of flushes "
        "that were under way are then left to orphan clean-up";
  }
  return error.With("transaction log segment " + segment);
}

}  // namespace

std::string SegmentName(int64_t sequence) { return fmt::format("{}{:012}{}", kPrefix, sequence, kSuffix); }

std::optional<int64_t> SegmentSequence(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view digits =
      std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  int64_t sequence = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return sequence;
}

Result<Log::Opened> Log::Open(LogStorage& storage, LogOptions options, Clock& clock) {
  Opened opened{std::unique_ptr<Log>(new Log(storage, options, clock)), {}, 0};
  Log& log = *opened.log;
  K2I_ASSIGN_OR_RETURN(auto sequences, ListSegments(storage));
  log.sequence_ = sequences.empty() ? 0 : sequences.back();
  while (!sequences.empty()) {
    const std::string name = SegmentName(sequences.back());
    K2I_ASSIGN_OR_RETURN(const std::string bytes, storage.Read(name));
    SegmentReplay replay;
    const auto segment = ReadSegment(
        bytes, [&replay](const EntryView& view) { replay.Take(view.entry); }, log.options_.cipher.get());
    if (!segment) return std::unexpected(Explain(segment.error(), name));
    if (replay.state()) {
      log.state_ = std::move(*replay.state());
      opened.torn_bytes = bytes.size() - segment->valid_bytes;
      if (opened.torn_bytes > 0) {
        log::Warn("txlog_torn_tail_cut", {{"segment", name}, {"bytes", opened.torn_bytes}});
        K2I_RETURN_IF_ERROR(storage.Truncate(name, segment->valid_bytes));
      }
      break;
    }
    log::Warn("txlog_unfinished_segment_removed", {{"segment", name}});
    K2I_RETURN_IF_ERROR(storage.Remove(name));
    sequences.pop_back();
  }
  K2I_RETURN_IF_ERROR(log.Rotate());
  opened.state = log.state_;
  return opened;
}

Status Log::Append(const Entry& entry) {
  std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  K2I_ASSIGN_OR_RETURN(const std::string frame, Frame(entry));
  if (frame.size() > kMaxPayloadSize) {
    return Fail(ErrorCode::kInternal, "transaction log entry too large", Component::kTransactionLog);
  }
  const std::string name = SegmentName(sequence_);
  if (auto appended = storage_.Append(name, frame); !appended) {
    // Part of the frame may be there: take it away, or the next frame would stand behind a broken one.
    if (auto cut = storage_.Truncate(name, size_bytes_); !cut) failed_ = ForGood(cut.error());
    return appended;
  }
  size_bytes_ += frame.size();
  Replay(state_, entry);
  ++entries_since_checkpoint_;
  const bool due = entries_since_checkpoint_ >= options_.checkpoint_interval_entries ||
                   clock_.monotonic() - last_checkpoint_ >= options_.checkpoint_interval;
  if (!due) return {};
  auto rotated = Rotate();
  if (rotated || !rotated.error().retryable()) return rotated;
  // The entry is in; the checkpoint comes when there is room again.
  log::Warn("txlog_checkpoint_failed", {{"error", rotated.error().ToString()}});
  entries_since_checkpoint_ = 0;
  last_checkpoint_ = clock_.monotonic();
  return {};
}

Status Log::Sync() {
  std::lock_guard lock(mutex_);
  if (failed_) return std::unexpected(*failed_);
  auto synced = storage_.Sync(SegmentName(sequence_));
  // After a failed fsync the kernel may report success for pages it has dropped.
  if (!synced) failed_ = ForGood(synced.error());
  return failed_ ? std::unexpected(*failed_) : synced;
}

RecoveryState Log::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

/// As the current segment has them.
Result<std::string> Log::Frame(const Entry& entry) const {
  if (options_.cipher == nullptr) return EncodeFrame(entry);
  return EncodeFrame(entry, *options_.cipher);
}

/// REQUIRES: mutex_ is held, or the log is not shared yet.
Status Log::Rotate() {
  const auto encryption = options_.cipher == nullptr ? Encryption::kOff : Encryption::kOn;
  K2I_ASSIGN_OR_RETURN(const std::string checkpoint, Frame(Checkpoint{state_}));
  const std::string bytes = SegmentHeader(encryption) + checkpoint;
  if (auto created = storage_.Create(SegmentName(sequence_ + 1), bytes); !created) {
    // The current segment still holds everything, and recovery ignores an unfinished new one. But one that looks whole
    // after all would hide what is logged from now on, so unless it is surely gone nothing more is.
    const bool gone = storage_.Remove(SegmentName(sequence_ + 1)).has_value();
    if (!gone || !created.error().retryable()) failed_ = ForGood(created.error());
    return created;
  }
  ++sequence_;
  size_bytes_ = bytes.size();
  entries_since_checkpoint_ = 0;
  last_checkpoint_ = clock_.monotonic();
  // Segments too many cost space, nothing else.
  if (auto dropped = DropOldSegments(); !dropped) {
    log::Warn("txlog_old_segments_kept", {{"error", dropped.error().ToString()}});
  }
  return {};
}

Status Log::DropOldSegments() {
  K2I_ASSIGN_OR_RETURN(const auto sequences, ListSegments(storage_));
  const auto keep = static_cast<size_t>(std::max(1, options_.max_log_files));
  for (size_t i = 0; i + keep < sequences.size(); ++i) K2I_RETURN_IF_ERROR(storage_.Remove(SegmentName(sequences[i])));
  return {};
}

}  // namespace k2i::txlog
