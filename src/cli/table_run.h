// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "cli/maintenance_flags.h"
#include "cli/maintenance_report.h"
#include "cli/table_parts.h"
#include "cli/terminal_line.h"
#include "maintenance/file_deletion.h"

namespace k2i::cli {

/// One run of a command below `k2i maintenance`.
struct TableRun : TableParts {
  TableRun(const config::Config& given, const MaintenanceFlags& wanted, std::stop_token stopped)
      : TableParts(given, std::move(stopped)), flags(wanted) {}

  /// How it went until now.
  MaintenanceRun Ended(std::optional<Error> error = {}) const;

  const MaintenanceFlags& flags;
  const Duration started = clock.monotonic();
  TerminalLine line;
};

/// Draws a line of progress where standard error is a terminal. `run` must outlive it.
std::function<void(int64_t done, int64_t of)> CountProgress(TableRun& run, const char* what);
/// With such a line. `run` must outlive them.
maintenance::DeletionOptions MakeDeletionOptions(TableRun& run, int64_t threads);

/// Runs `work` on the configuration, prints what it reports and returns the exit code. An error of `work` itself:
/// nothing can be told beside it.
int RunMaintenance(const MaintenanceFlags& flags, const std::function<Result<MaintenanceReport>(TableRun& run)>& work);

}  // namespace k2i::cli
