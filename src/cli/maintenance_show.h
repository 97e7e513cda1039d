// SPDX-License-Identifier: Apache-2.0
//
// What the commands of `k2i maintenance` have done, for people and as JSON.
#pragma once

#include <optional>
#include <string>

#include "maintenance/compaction.h"
#include "maintenance/manifest_job.h"

namespace k2i::cli {

/// How a run went, beside its report.
struct MaintenanceRun {
  std::string table;
  bool dry_run = false;
  double seconds = 0;
  std::optional<Error> error;  // what ended it early
};

std::string CompactionText(const MaintenanceRun& run, const maintenance::CompactionReport& report);
/// One JSON object, with a line end.
std::string CompactionJson(const MaintenanceRun& run, const maintenance::CompactionReport& report);

std::string ManifestText(const MaintenanceRun& run, const maintenance::ManifestReport& report);
std::string ManifestJson(const MaintenanceRun& run, const maintenance::ManifestReport& report);

/// One line for a terminal: a bar, groups, bytes, rate, time left.
std::string RenderCompactionProgress(const maintenance::CompactionProgress& progress, double seconds);

}  // namespace k2i::cli
