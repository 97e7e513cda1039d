// SPDX-License-Identifier: Apache-2.0
//
// Breaks in a table's history that a user has asked for (k2i offsets rewind, adopt). They stand in the summary of the
// snapshot that made them, and in a table property of their own, which outlives the snapshot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "progress/progress.h"

namespace k2i::progress {

/// {"events":{"0":[100,40]}}: where a partition stood, and where it goes on.
inline constexpr std::string_view kRewindKey = "k2i.rewind";
/// {"cluster":…,"topics":{"events":…}}: the identity that was left behind; offsets start anew.
inline constexpr std::string_view kAdoptKey = "k2i.adopt";

struct Declaration {
  int64_t snapshot_id = 0;
  int64_t sequence_number = 0;
  OffsetRanges moved;    // begin: where it stood, end: where it goes on, before or after
  bool adopted = false;  // offsets below this snapshot are of another log
  friend bool operator==(const Declaration&, const Declaration&) = default;
};

/// "k2i.<pipeline>.declared"
std::string DeclaredPropertyName(std::string_view pipeline);

/// What `snapshot` declares; nullopt for one that declares nothing. Corruption for a declaration that is none.
Result<std::optional<Declaration>> DeclarationOf(const iceberg::Snapshot& snapshot);
/// [{"snapshot":…,"sequence":…,"rewind":{…},"adopt":true}]
std::string DeclarationsJson(const std::vector<Declaration>& declarations);
/// By the property and by the snapshots of `branch`, oldest first, each once. One whose snapshot is kept but not in the
/// branch has been rolled back, and is left out. Corruption as above.
Result<std::vector<Declaration>> ReadDeclarations(const iceberg::TableMetadata& table, std::string_view pipeline,
                                                  std::string_view branch);

}  // namespace k2i::progress
