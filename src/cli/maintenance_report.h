// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "maintenance/clean_orphans.h"
#include "maintenance/expire_snapshots.h"

namespace k2i::cli {

/// Whose report it is.
struct ReportTitle {
  std::string table;
  bool dry_run = false;
};

std::string ExpiryText(const ReportTitle& title, const maintenance::ExpiryReport& report);
std::string ExpiryJson(const ReportTitle& title, const maintenance::ExpiryReport& report);
std::string OrphansText(const ReportTitle& title, const maintenance::OrphanReport& report);
std::string OrphansJson(const ReportTitle& title, const maintenance::OrphanReport& report);

}  // namespace k2i::cli
