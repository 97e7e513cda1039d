// SPDX-License-Identifier: Apache-2.0
//
// What the commands below `k2i maintenance` have in common.
#pragma once

#include <string>
#include <string_view>

#include "cli/wiring.h"

namespace k2i::cli {

struct MaintenanceFlags {
  ConfigFlags config;
  std::string table;  // "db.table"; empty: the configuration's
  bool dry_run = false;
  bool json = false;
  std::string engine = "k2i";  // "spark", "trino"
  bool by_engine() const { return engine != "k2i"; }
};
/// Adds --config, --set, --table, --dry-run, --json and --engine.
void AddMaintenanceFlags(CLI::App& command, MaintenanceFlags& flags);

/// Of the commands that delete files.
struct CleaningFlags : MaintenanceFlags {
  std::string older_than;  // "5d", "2024-01-31T12:00:00Z"; empty: the configuration's
  int64_t threads = 16;
};
/// Adds --older-than and --threads to those of all.
void AddCleaningFlags(CLI::App& command, CleaningFlags& flags);

/// "90s", "30m", "12h", "5d": so long before `now_ms`; "2024-01-31" or "2024-01-31T12:00:00Z" (with any zone): that
/// moment. Unix milliseconds. InvalidArgument (kConfig) for anything else.
Result<int64_t> ParseOlderThan(std::string_view text, int64_t now_ms);

}  // namespace k2i::cli
