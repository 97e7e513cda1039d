// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cli/cleaning_report.h"
#include "cli/commands.h"
#include "cli/maintenance_engine.h"
#include "cli/maintenance_options.h"
#include "cli/table_run.h"

namespace k2i::cli {
namespace {

struct ExpireFlags {
  CleaningFlags cleaning;
  std::optional<int32_t> retain_last;
  size_t max_snapshots = 0;  // 0: no bound
};

Result<maintenance::ExpiryWishes> WishesOf(const config::Config& config, const ExpireFlags& flags, int64_t now_ms) {
  auto wishes = MakeExpiryWishes(config);
  wishes.min_snapshots_to_keep = flags.retain_last;
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(wishes.expire_before_ms, ParseOlderThan(flags.cleaning.older_than, now_ms));
  }
  return wishes;
}

Result<MaintenanceReport> Run(TableRun& run, const ExpireFlags& flags) {
  maintenance::ExpiryOptions options{
      .wishes = {}, .pinned = {}, .deletion = MakeDeletionOptions(run, flags.cleaning.threads)};
  K2I_ASSIGN_OR_RETURN(options.wishes, WishesOf(run.config, flags, run.clock.wall_ms()));
  options.most_snapshots = flags.max_snapshots;
  if (flags.cleaning.by_engine()) {
    if (flags.max_snapshots > 0) return NotByEngine("--max-snapshots", run.flags);
    return RunByEngine(
        run, {.kind = engines::JobKind::kExpireSnapshots, .policy = {}, .wishes = options.wishes, .orphans = {}});
  }
  options.reading = CountProgress(run, "manifests");
  K2I_RETURN_IF_ERROR(run.Open(run.flags.table));
  maintenance::SnapshotExpiry expiry({*run.parts.catalog, *run.parts.store, run.clock, run.random}, std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, expiry.Run(run.table));
  return ReportOf(run.Ended(), report);
}

}  // namespace

void AddExpireSnapshotsCommand(CLI::App& maintenance, int& exit_code) {
  auto flags = std::make_shared<ExpireFlags>();
  CLI::App* command =
      maintenance.add_subcommand("expire-snapshots", "Remove old snapshots, and the files that only they reach");
  AddCleaningFlags(*command, flags->cleaning);
  command->add_option("--retain-last", flags->retain_last, "Least snapshots to keep of each branch")
      ->check(CLI::Range(1, 1'000'000'000));
  command->add_option("--max-snapshots", flags->max_snapshots, "Remove at most so many snapshots, the oldest first")
      ->check(CLI::PositiveNumber);
  command->callback([flags, &exit_code] {
    exit_code = RunMaintenance(flags->cleaning, [&](TableRun& run) { return Run(run, *flags); });
  });
}

}  // namespace k2i::cli
