// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/update/table_update.h"
#include "progress/progress.h"

namespace k2i::maintenance {

/// What a snapshot without rows of Kafka has to say so that K2I's boundary stays at the branch's head.
struct CarriedProgress {
  std::string pipeline;
  std::map<std::string, std::string> summary;  // the same vector, no ranges
  iceberg::SnapshotRef tag;                    // its snapshot id is not set yet
  std::optional<std::string> property;         // the vector; none where the table does not mirror it

  /// Moves the tag to the new snapshot, and sets the property.
  std::vector<iceberg::TableUpdate> Updates(int64_t snapshot_id) const;
};

/// The pipeline with the newest boundary on `branch`; nullopt where K2I has not written it. A snapshot has room for one
/// statement: those of other pipelines stand in older snapshots, where each finds its own, past those of others, and
/// their tags stay. Nothing is carried for a pipeline that writes another branch, which is where its tag is. `version`:
/// of this program. Corruption for a boundary that cannot be read: better no commit than one that hides it.
Result<std::optional<CarriedProgress>> FindCarriedProgress(const iceberg::TableMetadata& table,
                                                           const std::string& branch, const std::string& version);

/// Sequence numbers of snapshots from which on the offsets are of another log (k2i offsets adopt), of every pipeline.
Result<std::vector<int64_t>> AdoptionBarriers(const iceberg::TableMetadata& table, const std::string& branch);

}  // namespace k2i::maintenance
