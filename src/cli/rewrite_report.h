// SPDX-License-Identifier: Apache-2.0
//
// What compaction and the merging of manifests have done, for people and as JSON.
#pragma once

#include <string>

#include "cli/maintenance_report.h"
#include "maintenance/compaction.h"
#include "maintenance/manifest_job.h"

namespace k2i::cli {

MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::CompactionReport& report);
MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::ManifestReport& report);

/// One line for a terminal: a bar, groups, bytes, rate, time left.
std::string RenderCompactionProgress(const maintenance::CompactionProgress& progress, double seconds);

}  // namespace k2i::cli
