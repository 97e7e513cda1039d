// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace k2i::cli {

void AddMaintenanceCommand(CLI::App& app, int& exit_code) {
  CLI::App* maintenance = app.add_subcommand("maintenance", "Upkeep of the table");
  maintenance->require_subcommand(1);
  AddCompactCommand(*maintenance, exit_code);
  AddRewriteManifestsCommand(*maintenance, exit_code);
  AddExpireSnapshotsCommand(*maintenance, exit_code);
  AddCleanOrphansCommand(*maintenance, exit_code);
}

}  // namespace k2i::cli
