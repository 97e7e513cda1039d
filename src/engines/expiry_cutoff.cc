// SPDX-License-Identifier: Apache-2.0
#include "engines/expiry_cutoff.h"

#include <algorithm>
#include <limits>
#include <set>

namespace k2i::engines {

std::optional<int64_t> EngineCutoff(const iceberg::TableMetadata& table, const std::vector<int64_t>& expiring) {
  const std::set<int64_t> going(expiring.begin(), expiring.end());
  std::set<int64_t> heads;
  for (const auto& [name, ref] : table.refs) heads.insert(ref.snapshot_id);
  int64_t first = std::numeric_limits<int64_t>::max(), last = std::numeric_limits<int64_t>::min();
  int64_t oldest_kept = std::numeric_limits<int64_t>::max();
  for (const auto& snapshot : table.snapshots) {
    if (going.contains(snapshot.snapshot_id)) {
      first = std::min(first, snapshot.timestamp_ms);
      last = std::max(last, snapshot.timestamp_ms);
    } else if (!heads.contains(snapshot.snapshot_id)) {
      oldest_kept = std::min(oldest_kept, snapshot.timestamp_ms);
    }
  }
  if (first >= oldest_kept || last == std::numeric_limits<int64_t>::min()) return std::nullopt;
  return std::min(last + 1, oldest_kept);
}

}  // namespace k2i::engines
