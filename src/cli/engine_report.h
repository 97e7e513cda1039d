// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/maintenance_report.h"
#include "engines/engine_work.h"
#include "engines/job.h"

namespace k2i::cli {

/// What an engine was asked to do, and what became of the table.
struct EngineReport {
  engines::JobKind kind = engines::JobKind::kCompact;
  std::string engine;
  std::string statement;  // empty: there was nothing to do
  std::string job_id;     // as the engine has it; may be empty

  int64_t target_bytes = 0;
  int64_t live_files_before = 0, live_files_after = 0, live_bytes_before = 0;
  engines::EngineWork work;
  engines::ManifestWork manifests;
  std::vector<int64_t> expired_snapshots;
  std::vector<std::string> expired_refs;
  size_t kept_snapshots = 0;
  std::string location;
  /// Files deleted by kind, as the engine says; nullopt: it does not.
  std::optional<std::map<std::string, int64_t>> deleted;
};

/// The fields of K2I's own report, null where an engine does not tell, and `engine`, `engine_job`, `statement`.
MaintenanceReport ReportOf(MaintenanceRun run, const EngineReport& report);

}  // namespace k2i::cli
