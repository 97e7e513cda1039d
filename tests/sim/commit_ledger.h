// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/ids.h"
#include "iceberg/model/table_metadata.h"
#include "sim/history.h"

namespace k2i::sim {

/// Watches every change of a table at the moment it is made, and breaks the history when one is not what the protocol
/// allows. Reads what the snapshots say with code of its own.
class CommitLedger {
 public:
  explicit CommitLedger(History& history) : history_(history) {}

  void OnChange(Duration now, const std::string& table, const iceberg::TableMetadata* before,
                const iceberg::TableMetadata& after);
  /// The next offset of each partition, as commits of K2I have moved it.
  const OffsetVector& committed(const std::string& table) { return tables_[table]; }
  /// Where each partition begins.
  const OffsetVector& begins(const std::string& table) { return begins_[table]; }

 private:
  void OnSnapshot(Duration now, const std::string& table, const iceberg::TableMetadata* before,
                  const iceberg::TableMetadata& after, const iceberg::Snapshot& snapshot);

  History& history_;
  std::map<std::string, OffsetVector> tables_, begins_;
};

/// {"topic":{"0":…}} of a summary.
std::map<std::string, std::map<int, std::pair<int64_t, int64_t>>> RangesOf(const iceberg::Snapshot& snapshot);

}  // namespace k2i::sim
