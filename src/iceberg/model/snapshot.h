// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "iceberg/model/history_list.h"
#include "iceberg/model/schema.h"

namespace k2i::iceberg {

struct Snapshot {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;
  std::map<std::string, std::string> summary;  // holds "operation"
  std::optional<int32_t> schema_id;
  std::optional<int64_t> first_row_id;  // v3
  std::optional<int64_t> added_rows;    // v3
  std::optional<std::string> key_id;    // v3: key of an encrypted manifest list
  OtherMembers other = {};
};

/// That main has been this snapshot from then on.
struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
  OtherMembers other = {};
};

using SnapshotList = HistoryList<Snapshot>;
using SnapshotLog = HistoryList<SnapshotLogEntry>;

}  // namespace k2i::iceberg
