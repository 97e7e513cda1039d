// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "cli/table_run.h"
#include "engines/job.h"
#include "maintenance/clean_orphans.h"
#include "maintenance/compaction_plan.h"
#include "maintenance/expiry_plan.h"
#include "query/file_condition.h"

namespace k2i::cli {

/// What is to be done; of the rest only what `kind` needs.
struct EngineOrder {
  engines::JobKind kind = engines::JobKind::kCompact;
  maintenance::CompactionPolicy policy;
  maintenance::ExpiryWishes wishes;
  maintenance::OrphanOptions orphans;
  std::optional<query::FileCondition> where = {};  // kCompact; none: all files
};

/// The job by the engine of --engine, and what it has made of the table. What K2I would refuse is refused
/// before the engine hears of it. Afterwards the boundary of every pipeline that had one is found again.
/// The report's error is
/// InvalidConfig where the engine is not configured; NotSupported for what it does not do; Corruption where a boundary
/// is lost; the codes of engines::RunSpark and engines::Trino.
Result<MaintenanceReport> RunByEngine(TableRun& run, const EngineOrder& order);

/// NotSupported, for a flag that only K2I's own way has.
std::unexpected<Error> NotByEngine(const std::string& flag, const MaintenanceFlags& flags);

}  // namespace k2i::cli
