// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/maintenance_flags.h"
#include "cli/maintenance_report.h"

namespace k2i::cli {
namespace {

struct ExpireFlags {
  CleaningFlags cleaning;
  std::optional<int32_t> retain_last;
};

Result<maintenance::ExpiryWishes> WishesOf(const config::Config& config, const ExpireFlags& flags, int64_t now_ms) {
  maintenance::ExpiryWishes wishes;
  wishes.min_snapshots_to_keep = flags.retain_last;
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(wishes.expire_before_ms, ParseOlderThan(flags.cleaning.older_than, now_ms));
  }
  const int64_t days = config.maintenance.snapshot_retention_days;
  if (days > 0) wishes.max_snapshot_age_ms = days * maintenance::kDayMs;
  return wishes;
}

Result<int> Run(const config::Config& config, const ExpireFlags& flags) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  maintenance::ExpiryOptions options{.deletion = MakeDeletionOptions(flags.cleaning)};
  K2I_ASSIGN_OR_RETURN(options.wishes, WishesOf(config, flags, clock.wall_ms()));
  K2I_ASSIGN_OR_RETURN(const auto table, TableOf(config, flags.cleaning.table));
  K2I_ASSIGN_OR_RETURN(const auto parts, MakeCatalog(config, clock, random));
  maintenance::SnapshotExpiry expiry({*parts.catalog, *parts.store, clock, random}, std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, expiry.Run(table));
  const ReportTitle title{table.ToString(), flags.cleaning.dry_run};
  std::fputs((flags.cleaning.json ? ExpiryJson(title, report) : ExpiryText(title, report)).c_str(), stdout);
  if (!report.files_error) return kExitOk;
  return ReportError(report.files_error->With("the snapshots are expired, but their files are left to clean-orphans"));
}

}  // namespace

void AddExpireSnapshotsCommand(CLI::App& maintenance, int& exit_code) {
  auto flags = std::make_shared<ExpireFlags>();
  CLI::App* command =
      maintenance.add_subcommand("expire-snapshots", "Remove old snapshots, and the files that only they reach");
  AddCleaningFlags(*command, flags->cleaning);
  command->add_option("--retain-last", flags->retain_last, "Least snapshots to keep of each branch")
      ->check(CLI::Range(1, 1'000'000'000));
  command->callback([flags, &exit_code] {
    RunCleaning(flags->cleaning, exit_code, [&](const config::Config& config) { return Run(config, *flags); });
  });
}

}  // namespace k2i::cli
