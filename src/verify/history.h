// SPDX-License-Identifier: Apache-2.0
//
// What the kept snapshots of a branch say of Kafka, and whether it joins. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/table_metadata.h"
#include "progress/declaration.h"
#include "verify/findings.h"

namespace k2i::verify {

/// One snapshot of the branch.
struct Statement {
  const iceberg::Snapshot* snapshot = nullptr;
  std::string pipeline;  // empty: not K2I's
  /// The rest is filled for snapshots of the pipeline under test.
  bool ours = false;
  bool readable = false;  // what follows could be read
  progress::Progress progress;
  OffsetRanges ranges;
  OffsetRanges moved;  // declared by a rewind
  bool adopted = false;
  std::optional<int64_t> replayed;  // rows of dead letters that it brought in, below the vector it carries
};

struct History {
  std::vector<Statement> statements;  // oldest first
  bool complete = true;               // reaches back to the first snapshot of the branch
  const Statement* newest() const;    // readable one of ours; null when there is none
};

/// The ancestry of `branch`. Statements that cannot be read are findings. `table` must outlive the result.
History ReadHistory(const iceberg::TableMetadata& table, std::string_view pipeline, std::string_view branch,
                    Findings& findings);

/// Ranges join without gap or overlap, vectors are carried forward, cluster and topics stay the same.
void CheckContinuity(const History& history, Findings& findings);

/// Tag and property say what the newest statement says.
void CheckRefs(const iceberg::TableMetadata& table, std::string_view pipeline, std::string_view branch,
               bool property_mirror, const History& history, Findings& findings);

}  // namespace k2i::verify
