// SPDX-License-Identifier: Apache-2.0
//
// Snapshots in use: a process that reads one says so in a table property, with a time limit, and no snapshot expiry of
// K2I's removes it meanwhile (docs/format/lease.md). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::progress {

inline constexpr std::string_view kLeasePrefix = "k2i.lease.";

struct Lease {
  std::string id;  // of the holder, unique: a UUID
  int64_t snapshot_id = 0;
  int64_t until_ms = 0;  // Unix epoch, UTC; from then on it counts no more
  friend bool operator==(const Lease&, const Lease&) = default;
};

/// "k2i.lease.<id>"
std::string LeasePropertyName(std::string_view id);
/// {"snapshot":N,"until_ms":T}
std::string LeaseJson(const Lease& lease);
/// All leases of `table`, expired ones too. Corruption for one that cannot be read: what it holds is not known.
Result<std::vector<Lease>> ReadLeases(const iceberg::TableMetadata& table);

}  // namespace k2i::progress
