// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceberg/model/table_metadata.h"
#include "txlog/entry.h"

namespace k2i::ingest {

/// What is to be done about one flush that an earlier process left open, or that was given up.
struct LeftoverFlush {
  std::string flush_id;
  /// It was committed after all: the table has its snapshot.
  bool committed = false;
  int64_t snapshot_id = 0;
  /// Files to delete, but only after the next commit of ours has moved the branch: until then a request may be under
  /// way.
  std::vector<std::string> files;
  /// A commit of them may have been sent: on top of `base`.
  bool sent = false;
  std::optional<int64_t> base;
};

/// Decides about the open flushes of `table_name`, by what the table says. Pure.
std::vector<LeftoverFlush> PlanRecovery(const txlog::RecoveryState& state, const std::string& table_name,
                                        const iceberg::TableMetadata& table);

/// Whether a commit of `flush_id` may be among what `branch` got after `since`, the base of its
/// request: it is seen there, or part of that history has been expired. The request may have landed after the plan was
/// made. Pure.
bool MayHaveLanded(const iceberg::TableMetadata& table, const std::string& branch, std::optional<int64_t> since,
                   const std::string& flush_id);

/// InvalidArgument when the log says that this pipeline has committed to the table, but the table holds no boundary:
/// its history has been lost, and starting anew would double every row. Names the command that resolves it.
Status CheckLogAgrees(const txlog::RecoveryState& state, const std::string& table_name,
                      const iceberg::TableMetadata& table, bool has_boundary);

/// InvalidArgument when the log has committed to a table of that name but another UUID, and this one holds no boundary:
/// it was dropped and made anew. Names the command that resolves it.
Status CheckSameTable(const txlog::RecoveryState& state, const std::string& table_name,
                      const iceberg::TableMetadata& table, bool has_boundary);

}  // namespace k2i::ingest
