// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "maintenance/clean_orphans.h"
#include "maintenance/expire_snapshots.h"

namespace k2i::cli {

/// Whose report it is, and how the run went.
struct CleaningRun {
  std::string table;
  bool dry_run = false;
  double seconds = 0;
};

/// For people; what is wrong is told apart (ReportError).
std::string ExpiryText(const CleaningRun& run, const maintenance::ExpiryReport& report);
std::string OrphansText(const CleaningRun& run, const maintenance::OrphanReport& report);
/// One JSON object, with a line end. An error in place of the report stands alone beside what is known of the run.
std::string ExpiryJson(const CleaningRun& run, const Result<maintenance::ExpiryReport>& report);
std::string OrphansJson(const CleaningRun& run, const Result<maintenance::OrphanReport>& report);

}  // namespace k2i::cli
