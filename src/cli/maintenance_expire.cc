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

struct ExpireFlags {
  CleaningFlags cleaning;
  std::optional<int32_t> retain_last;
};

Result<maintenance::ExpiryWishes> WishesOf(const config::Config& config, const ExpireFlags& flags, int64_t now_ms) {
  auto wishes = MakeExpiryWishes(config);
  wishes.min_snapshots_to_keep = flags.retain_last;
  if (!flags.cleaning.older_than.empty()) {
    K2I_ASSIGN_OR_RETURN(wishes.expire_before_ms, ParseOlderThan(flags.cleaning.older_than, now_ms));
  }
  return wishes;
}

Status Run(const config::Config& config, const ExpireFlags& flags, std::stop_token stop) {
  SystemClock clock;
  Random random(Random::SystemSeed());
  maintenance::ExpiryOptions options{
      .wishes = {}, .pinned = {}, .deletion = MakeDeletionOptions(flags.cleaning, std::move(stop))};
  K2I_ASSIGN_OR_RETURN(options.wishes, WishesOf(config, flags, clock.wall_ms()));
  if (flags.cleaning.by_engine()) {
    const EngineOrder order{
        .kind = engines::JobKind::kExpireSnapshots, .policy = {}, .wishes = options.wishes, .orphans = {}};
    return RunByEngine(config, flags.cleaning, order, options.deletion.stop);
  }
  K2I_ASSIGN_OR_RETURN(const auto table, TableOf(config, flags.cleaning.table));
  K2I_ASSIGN_OR_RETURN(const auto parts, MakeCatalog(config, clock, random));
  const Duration started = clock.monotonic();
  maintenance::SnapshotExpiry expiry({*parts.catalog, *parts.store, clock, random}, std::move(options));
  const auto report = expiry.Run(table);
  const CleaningRun run{table.ToString(), flags.cleaning.dry_run,
                        std::chrono::duration<double>(clock.monotonic() - started).count()};
  if (flags.cleaning.json) {
    std::fputs(ExpiryJson(run, report).c_str(), stdout);
  } else if (report) {
    std::fputs(ExpiryText(run, *report).c_str(), stdout);
  }
  if (!report) return std::unexpected(report.error());
  if (!report->files_error) return {};
  return std::unexpected(
      report->files_error->With("the snapshots are expired, but files of theirs are left to clean-orphans"));
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
    exit_code = RunMaintenance(flags->cleaning, [&](const config::Config& config, std::stop_token stop) {
      return Run(config, *flags, std::move(stop));
    });
  });
}

}  // namespace k2i::cli
