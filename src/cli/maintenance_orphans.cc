// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/cleaning_report.h"
#include "cli/commands.h"
#include "cli/maintenance_engine.h"
#include "cli/maintenance_options.h"
#include "cli/table_run.h"

namespace k2i::cli {
namespace {

struct OrphanFlags {
  CleaningFlags cleaning;
  bool force = false;
  bool unshared = false;
  int64_t max_files = 0;  // 0: no bound
};

std::string RenderListing(int64_t listed, double seconds) {
  return fmt::format("{} files listed, {:.0f}/s", listed, seconds > 0 ? static_cast<double>(listed) / seconds : 0);
}

Result<MaintenanceReport> Run(TableRun& run, const OrphanFlags& flags) {
  auto options = MakeOrphanOptions(run.config, run.clock.wall_ms());
  options.force = flags.force;
  options.unshared = flags.unshared;
  options.most_files = flags.max_files;
  options.deletion = MakeDeletionOptions(run, flags.cleaning.threads);
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(options.older_than_ms, ParseOlderThan(flags.cleaning.older_than, run.clock.wall_ms()));
  }
  if (flags.cleaning.by_engine()) {
    if (flags.max_files > 0) return NotByEngine("--max-files", run.flags);
    return RunByEngine(run, {.kind = engines::JobKind::kCleanOrphans, .policy = {}, .wishes = {}, .orphans = options});
  }
  options.reading = CountProgress(run, "manifests");
  options.listing = [&run](int64_t listed) {
    run.line.Draw([&](double seconds) { return RenderListing(listed, seconds); });
  };
  K2I_RETURN_IF_ERROR(run.Open(run.flags.table));
  maintenance::OrphanCleaning cleaning({*run.parts.catalog, *run.parts.store, run.clock}, std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, cleaning.Run(run.table));
  return ReportOf(run.Ended(), report);
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
  command->add_option("--max-files", flags->max_files, "Delete at most so many files")->check(CLI::PositiveNumber);
  command->callback([flags, &exit_code] {
    exit_code = RunMaintenance(flags->cleaning, [&](TableRun& run) { return Run(run, *flags); });
  });
}

}  // namespace k2i::cli
