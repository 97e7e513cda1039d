// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "ingest/table_committer.h"
#include "io/object_store.h"
#include "progress/boundary_change.h"

namespace k2i::ingest {

/// Carries a change of the boundary out: one request that holds only for the base it was planned on.
class BoundaryCommit {
 public:
  struct Parts {
    iceberg::Catalog& catalog;
    io::ObjectStore& store;
    Clock& clock;
    Random& random;
  };
  /// What to do about a table as it stands; nullopt: nothing. Asked again whenever the base has moved.
  using Plan = std::function<Result<std::optional<progress::BoundaryChange>>(
      const iceberg::TableMetadata& table, const std::optional<progress::Boundary>& boundary)>;

  BoundaryCommit(Parts parts, CommitterOptions options) : parts_(parts), options_(std::move(options)) {}

  /// The branch's head afterwards; nullopt where there was nothing to do. Tries again on conflicts, a few times, and
  /// where the outcome is unknown reads the table.
  /// - CommitConflict: others were faster each time. CommitStateUnknown: the catalog did not say; look with offsets
  /// show.
  /// - errors of the plan, the catalog and the store.
  Result<std::optional<int64_t>> Run(const iceberg::TableIdentifier& table, const Plan& plan);

 private:
  Result<std::vector<iceberg::TableUpdate>> Updates(const iceberg::TableMetadata& base,
                                                    const progress::BoundaryChange& change, int64_t snapshot_id);
  Result<iceberg::Snapshot> EmptySnapshot(const iceberg::TableMetadata& base, const progress::BoundaryChange& change,
                                          int64_t snapshot_id);
  Result<bool> Arrived(const iceberg::TableIdentifier& table, int64_t head);

  Parts parts_;
  const CommitterOptions options_;
};

}  // namespace k2i::ingest
