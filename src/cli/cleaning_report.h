// SPDX-License-Identifier: Apache-2.0
//
// What expiry and orphan clean-up have done, for people and as JSON.
#pragma once

#include <string>

#include "cli/maintenance_report.h"
#include "maintenance/clean_orphans.h"
#include "maintenance/expire_snapshots.h"

namespace k2i::cli {

/// What the report says went wrong becomes the run's error.
MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::ExpiryReport& report);
MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::OrphanReport& report);

}  // namespace k2i::cli
