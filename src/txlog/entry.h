// SPDX-License-Identifier: Apache-2.0
//
// txlog: the local log of flushes and commits (docs/format/txlog.md). It makes recovery fast and clean; the Iceberg
// table stays the truth. This file: what is logged, and what a reader knows after it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/ids.h"

namespace k2i::txlog {

struct FlushStarted {
  std::string flush_id;
  std::string table;
  OffsetRanges ranges;
};
struct FileStarted {
  std::string flush_id;
  std::string location;
};
struct FileWritten {
  std::string flush_id;
  std::string location;
  int64_t record_count = 0;
  int64_t size_bytes = 0;
};
struct CommitIntent {
  std::string flush_id;
  std::string table_uuid;
  int64_t snapshot_id = 0;
  std::optional<int64_t> base_snapshot_id;
};
struct CommitDone {
  std::string flush_id;
  std::string table;
  std::string table_uuid;
  int64_t snapshot_id = 0;
  OffsetVector next;
};
struct FlushAbandoned {
  std::string flush_id;
  std::string reason;
};

/// A flush without an outcome.
struct OpenFlush {
  std::string flush_id;
  std::string table;
  OffsetRanges ranges;
  std::vector<std::string> started;    // every file opened, complete or not
  std::vector<FileWritten> written;    // those complete
  std::optional<CommitIntent> intent;  // the last one
};
struct TableState {
  std::string table_uuid;
  int64_t snapshot_id = 0;
  OffsetVector next;
};
/// What the log knows after its last entry.
struct RecoveryState {
  std::map<std::string, OpenFlush> flushes;  // by flush id
  std::map<std::string, TableState> tables;  // by name
};

struct Checkpoint {
  RecoveryState state;
};

using Entry =
    std::variant<Checkpoint, FlushStarted, FileStarted, FileWritten, CommitIntent, CommitDone, FlushAbandoned>;

/// The state after `entry`. Entries of a flush that is not open are ignored, as replay must be harmless.
void Replay(RecoveryState& state, const Entry& entry);

/// Number of the entry's type in its frame.
uint8_t TypeOf(const Entry& entry);
std::string EncodePayload(const Entry& entry);
/// Corruption for an unknown type or a payload that is not what the type wants.
Result<Entry> DecodePayload(uint8_t type, std::string_view payload);

}  // namespace k2i::txlog
