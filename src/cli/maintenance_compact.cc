// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>

#include "cli/commands.h"
#include "cli/maintenance_engine.h"
#include "cli/maintenance_flags.h"
#include "cli/maintenance_options.h"
#include "cli/maintenance_show.h"
#include "cli/wiring.h"
#include "query/file_condition.h"

namespace k2i::cli {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

struct RewriteFlags : MaintenanceFlags {
  bool old_specs = false;
  int64_t target_mb = 0;  // 0: the configuration's
  int64_t max_files = 0;  // 0: no bound
  std::string where;      // empty: all files
};

/// What every command of this file stands on.
struct Workshop {
  const config::Config& config;
  const RewriteFlags& flags;
  SystemClock clock;
  Random random{Random::SystemSeed()};
  CatalogParts catalog;
  iceberg::TableIdentifier table;
  std::stop_token stop;

  MaintenanceRun RunSince(Duration started) const {
    return {.table = table.ToString(),
            .dry_run = flags.dry_run,
            .seconds = std::chrono::duration<double>(clock.monotonic() - started).count(),
            .error = {}};
  }
};

/// Draws the bar on a terminal, at most ten times a second.
std::function<void(const maintenance::CompactionProgress&)> ProgressBar(Clock& clock) {
  if (::isatty(STDERR_FILENO) != 1) return {};
  return [&clock, started = clock.monotonic(), drawn = Duration(0)](const auto& progress) mutable {
    const Duration now = clock.monotonic();
    if (now - drawn < std::chrono::milliseconds(100) && progress.bytes_done < progress.bytes) return;
    drawn = now;
    const double seconds = std::chrono::duration<double>(now - started).count();
    std::fprintf(stderr, "\r\x1b[K%s", RenderCompactionProgress(progress, seconds).c_str());
  };
}

/// A condition of the command line, as which files of a table it chooses.
Status SetWhere(const std::string& text, maintenance::CompactionOptions& options) {
  if (text.empty()) return {};
  auto condition = query::FileCondition::Parse(text);
  if (!condition) return std::unexpected(condition.error().In(Component::kConfig));
  options.where = [condition =
                       *std::move(condition)](const iceberg::TableMetadata& table) -> Result<maintenance::FileTest> {
    auto predicate = condition.In(table.current_schema());
    if (!predicate) return std::unexpected(predicate.error().In(Component::kConfig));
    return [predicate = *std::move(predicate), &table](const iceberg::DataFile& file) {
      return query::MayHaveRows(predicate, file, table);
    };
  };
  return {};
}

Result<maintenance::CompactionOptions> OptionsOf(Workshop& shop) {
  const auto& flags = shop.flags;
  auto options = MakeCompactionOptions(shop.config);
  if (flags.target_mb > 0) options.policy.target_bytes = flags.target_mb * kMegabyte;
  options.policy.all_of_old_specs = flags.old_specs;
  if (flags.max_files > 0) options.policy.max_files = flags.max_files;
  options.dry_run = flags.dry_run;
  options.on_progress = ProgressBar(shop.clock);
  K2I_RETURN_IF_ERROR(SetWhere(flags.where, options));
  return options;
}

Status Compact(Workshop& shop) {
  K2I_ASSIGN_OR_RETURN(const auto options, OptionsOf(shop));
  maintenance::CompactionReport report;
  const Duration started = shop.clock.monotonic();
  maintenance::Compaction compaction(
      {*shop.catalog.catalog, *shop.catalog.store, shop.clock, shop.random, arrow::system_memory_pool()}, options);
  const Status done = compaction.Run(shop.table, shop.stop, report);
  if (options.on_progress) std::fprintf(stderr, "\r\x1b[K");
  MaintenanceRun run = shop.RunSince(started);
  if (!done) run.error = done.error();
  // What has been committed is told even when the rest failed.
  if (shop.flags.json) {
    std::fputs(CompactionJson(run, report).c_str(), stdout);
  } else if (done || report.commits > 0) {
    std::fputs(CompactionText(run, report).c_str(), stdout);
  }
  return done;
}

Status MergeManifests(Workshop& shop) {
  const Duration started = shop.clock.monotonic();
  const maintenance::ManifestOptions options{.target_bytes = shop.flags.target_mb * kMegabyte,
                                             .dry_run = shop.flags.dry_run,
                                             .replace = MakeReplaceOptions(shop.config)};
  const auto report = maintenance::RewriteTableManifests({*shop.catalog.catalog, shop.clock, shop.random},
                                                         *shop.catalog.store, shop.table, options, shop.stop);
  MaintenanceRun run = shop.RunSince(started);
  if (!report) run.error = report.error();
  if (shop.flags.json) {
    std::fputs(ManifestJson(run, report.value_or(maintenance::ManifestReport{})).c_str(), stdout);
  } else if (report) {
    std::fputs(ManifestText(run, *report).c_str(), stdout);
  }
  return report ? Status() : std::unexpected(report.error());
}

using Job = Status (*)(Workshop&);

/// A flag that was given and only K2I's own way has; empty: none.
std::string OwnFlag(const RewriteFlags& flags, engines::JobKind kind) {
  if (flags.old_specs) return "--old-specs";
  if (!flags.where.empty()) return "--where";
  return kind == engines::JobKind::kRewriteManifests && flags.target_mb > 0 ? "--target-mb" : "";
}

Status RunByEngine(const config::Config& config, const RewriteFlags& flags, engines::JobKind kind,
                   std::stop_token stop) {
  if (const std::string own = OwnFlag(flags, kind); !own.empty()) {
    return Fail(ErrorCode::kNotSupported, own + " is not for --engine " + flags.engine, Component::kConfig);
  }
  EngineOrder order{.kind = kind, .policy = MakeCompactionOptions(config).policy, .wishes = {}, .orphans = {}};
  if (flags.target_mb > 0) order.policy.target_bytes = flags.target_mb * kMegabyte;
  if (flags.max_files > 0) order.policy.max_files = flags.max_files;
  return RunByEngine(config, flags, order, std::move(stop));
}

struct JobChoice {
  Job own;
  engines::JobKind kind;
};

Status RunJob(const config::Config& config, const RewriteFlags& flags, std::stop_token stop, JobChoice job) {
  if (flags.by_engine()) return RunByEngine(config, flags, job.kind, std::move(stop));
  Workshop shop{.config = config, .flags = flags, .stop = std::move(stop)};
  K2I_ASSIGN_OR_RETURN(shop.table, TableOf(config, flags.table));
  K2I_ASSIGN_OR_RETURN(shop.catalog, MakeCatalog(config, shop.clock, shop.random));
  return job.own(shop);
}

/// A command below `maintenance` with the flags that all have.
CLI::App* AddJob(CLI::App& maintenance, const std::string& name, const std::string& what, JobChoice job,
                 const std::shared_ptr<RewriteFlags>& flags, int& exit_code) {
  CLI::App* command = maintenance.add_subcommand(name, what);
  AddMaintenanceFlags(*command, *flags);
  command->callback([flags, job, &exit_code] {
    exit_code = RunMaintenance(*flags, [&](const config::Config& config, std::stop_token stop) {
      return RunJob(config, *flags, std::move(stop), job);
    });
  });
  return command;
}

}  // namespace

void AddCompactCommand(CLI::App& maintenance, int& exit_code) {
  auto flags = std::make_shared<RewriteFlags>();
  CLI::App* compact = AddJob(maintenance, "compact", "Merge small data files into few",
                             {Compact, engines::JobKind::kCompact}, flags, exit_code);
  compact->add_option("--target-mb", flags->target_mb, "Size to merge to, in place of the configuration's")
      ->check(CLI::Range(int64_t{1}, int64_t{10'240}));
  compact->add_option("--max-files", flags->max_files, "Rewrite at most so many files")->check(CLI::PositiveNumber);
  compact->add_option("--where", flags->where, "Only files that may have rows which meet it: \"day >= '2024-01-31'\"");
  compact->add_flag("--old-specs", flags->old_specs, "Move every file of an older partition spec to the current one");
}

void AddRewriteManifestsCommand(CLI::App& maintenance, int& exit_code) {
  auto flags = std::make_shared<RewriteFlags>();
  CLI::App* manifests = AddJob(maintenance, "rewrite-manifests", "Merge small manifests, ordered by partition",
                               {MergeManifests, engines::JobKind::kRewriteManifests}, flags, exit_code);
  manifests->add_option("--target-mb", flags->target_mb, "Size of a manifest, in place of the table's property")
      ->check(CLI::Range(int64_t{1}, int64_t{1'024}));
}

}  // namespace k2i::cli
