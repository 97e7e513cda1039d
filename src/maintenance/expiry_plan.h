// SPDX-License-Identifier: Apache-2.0
//
// Which snapshots and refs a table need not keep (spec: "Snapshot Retention Policy"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceberg/model/table_metadata.h"

namespace k2i::maintenance {

/// What holds where a branch or tag does not say otherwise.
struct ExpiryPolicy {
  int64_t expire_before_ms = 0;  // Unix epoch: a snapshot older than this may go
  int32_t min_snapshots_to_keep = 1;
  int64_t max_ref_age_ms = INT64_MAX;
};

/// What the user says in place of the table's properties.
struct ExpiryWishes {
  std::optional<int64_t> expire_before_ms;
  std::optional<int64_t> max_snapshot_age_ms;  // where expire_before_ms is not said
  std::optional<int32_t> min_snapshots_to_keep;
};

/// By the wishes, else by history.expire.max-snapshot-age-ms, .min-snapshots-to-keep and .max-ref-age-ms, else as
/// Iceberg has it: 5 days, 1, never; and where nobody says an age, from the 2,000 newest snapshots on, so that commits
/// stay as quick as they were. InvalidConfig (kCatalog) for a property that is no such number.
Result<ExpiryPolicy> PolicyOf(const iceberg::TableMetadata& table, const ExpiryWishes& wishes, int64_t now_ms);

struct ExpiryPlan {
  std::vector<int64_t> snapshots;       // in the order of the table's
  std::vector<std::string> refs;        // branches and tags whose time has come
  std::vector<std::string> properties;  // leases that have ended
  bool empty() const { return snapshots.empty() && refs.empty() && properties.empty(); }
};

/// - Refs other than main go when their snapshot is older than their max-ref-age; what the others point to stays.
/// - Of a branch's ancestors those stay that come before the first which is too old and not among the branch's
///   min-snapshots-to-keep newest.
/// - A snapshot that no branch or tag reaches (staged, or rolled back) stays until it is too old, as in Iceberg's Java
///   library; the spec would let it go at once.
/// - Beyond the spec stay: `pinned`, what leases hold (docs/format/lease.md), and K2I's boundary. The tag
///   k2i-<pipeline> never goes while it points to a statement of that pipeline, nor the branch that the tag is on.
///   Where the boundary stands in the ancestry of a branch and not under the tag, it stays with all that leads to it.
/// Corruption for a lease that cannot be read.
Result<ExpiryPlan> PlanExpiry(const iceberg::TableMetadata& table, const ExpiryPolicy& policy,
                              const std::set<int64_t>& pinned, int64_t now_ms);

}  // namespace k2i::maintenance
