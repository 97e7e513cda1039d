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
/// What it takes to make a commit in a dead process' place, once its files are complete.
struct Handover {
  std::string manifest;  // location of the manifest of the flush's files; empty: it has none
  int32_t spec_id = 0;   // the partition spec of that manifest
  std::optional<int64_t> watermark_ms;
  // Whose offsets they are, and of what: a cluster's id, and for each topic of the ranges its id (empty where the
  // broker did not say).
  std::string pipeline;
  std::string branch;
  std::string cluster_id;
  std::map<std::string, std::string> topic_ids;
  friend bool operator==(const Handover&, const Handover&) = default;
};
struct CommitIntent {
  std::string flush_id;
  std::string table_uuid;
  int64_t snapshot_id = 0;
  std::optional<int64_t> base_snapshot_id;
  std::optional<Handover> handover;  // absent in logs of older versions
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
void Replay(RecoveryState& state, Entry entry);

/// Number of the entry's type in its frame.
uint8_t TypeOf(const Entry& entry);
/// Its name in docs/format/txlog.md; empty for a number that is no type.
std::string_view TypeName(uint8_t type);
std::string EncodePayload(const Entry& entry);
/// The payload of a checkpoint of `state`.
std::string EncodeState(const RecoveryState& state);
/// Corruption for an unknown type or a payload that is not what the type wants.
Result<Entry> DecodePayload(uint8_t type, std::string_view payload);

}  // namespace k2i::txlog
