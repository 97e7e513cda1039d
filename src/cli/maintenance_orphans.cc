// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/maintenance_engine.h"
#include "cli/maintenance_flags.h"
#include "cli/maintenance_options.h"
#include "cli/maintenance_report.h"

namespace k2i::cli {
namespace {

struct OrphanFlags {
  CleaningFlags cleaning;
  bool force = false;
  bool unshared = false;
};

Status Run(const config::Config& config, const OrphanFlags& flags, std::stop_token stop) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  auto options = MakeOrphanOptions(config, clock.wall_ms());
  options.force = flags.force;
  options.unshared = flags.unshared;
  options.deletion = MakeDeletionOptions(flags.cleaning, std::move(stop));
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(options.older_than_ms, ParseOlderThan(flags.cleaning.older_than, clock.wall_ms()));
  }
  if (flags.cleaning.by_engine()) {
    const EngineOrder order{.kind = engines::JobKind::kCleanOrphans, .policy = {}, .wishes = {}, .orphans = options};
    return RunByEngine(config, flags.cleaning, order, options.deletion.stop);
  }
  K2I_ASSIGN_OR_RETURN(const auto table, TableOf(config, flags.cleaning.table));
  K2I_ASSIGN_OR_RETURN(const auto parts, MakeCatalog(config, clock, random));
  const Duration started = clock.monotonic();
  maintenance::OrphanCleaning cleaning({*parts.catalog, *parts.store, clock}, std::move(options));
  const auto report = cleaning.Run(table);
  const CleaningRun run{table.ToString(), flags.cleaning.dry_run,
                        std::chrono::duration<double>(clock.monotonic() - started).count()};
  if (flags.cleaning.json) {
    std::fputs(OrphansJson(run, report).c_str(), stdout);
  } else if (report) {
    std::fputs(OrphansText(run, *report).c_str(), stdout);
  }
  if (!report) return std::unexpected(report.error());
  return report->stopped ? Status(std::unexpected(*report->stopped)) : Status();
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
    exit_code = RunMaintenance(flags->cleaning, [&](const config::Config& config, std::stop_token stop) {
      return Run(config, *flags, std::move(stop));
    });
  });
}

}  // namespace k2i::cli
