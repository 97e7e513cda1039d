// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/maintenance_flags.h"
#include "cli/maintenance_report.h"

namespace k2i::cli {
namespace {

struct OrphanFlags {
  CleaningFlags cleaning;
  bool force = false;
  bool unshared = false;
};

Result<int> Run(const config::Config& config, const OrphanFlags& flags) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  maintenance::OrphanOptions options{
      .older_than_ms = clock.wall_ms() - config.maintenance.orphan_retention_days * maintenance::kDayMs,
      .force = flags.force,
      .warehouse = config.iceberg.warehouse,
      .unshared = flags.unshared,
      .deletion = MakeDeletionOptions(flags.cleaning)};
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(options.older_than_ms, ParseOlderThan(flags.cleaning.older_than, clock.wall_ms()));
  }
  K2I_ASSIGN_OR_RETURN(const auto table, TableOf(config, flags.cleaning.table));
  K2I_ASSIGN_OR_RETURN(const auto parts, MakeCatalog(config, clock, random));
  maintenance::OrphanCleaning cleaning({*parts.catalog, *parts.store, clock}, std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, cleaning.Run(table));
  const ReportTitle title{table.ToString(), flags.cleaning.dry_run};
  std::fputs((flags.cleaning.json ? OrphansJson(title, report) : OrphansText(title, report)).c_str(), stdout);
  return report.stopped ? ReportError(*report.stopped) : kExitOk;
}

}  // namespace

void AddCleanOrphansCommand(CLI::App& maintenance, int& exit_code) {
  auto flags = std::make_shared<OrphanFlags>();
  CLI::App* command =
      maintenance.add_subcommand("clean-orphans", "Delete files below the table's location that nothing refers to");
  AddCleaningFlags(*command, flags->cleaning);
  command->add_flag("--force-younger-than-a-day", flags->force, "Files of the last day too: nothing may be writing");
  command->add_flag("--unshared", flags->unshared,
                    "No other table keeps files below the location: do not look at the catalog's other tables");
  command->callback([flags, &exit_code] {
    RunCleaning(flags->cleaning, exit_code, [&](const config::Config& config) { return Run(config, *flags); });
  });
}

}  // namespace k2i::cli
