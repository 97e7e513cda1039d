// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/maintenance_engine.h"
#include "cli/maintenance_options.h"
#include "cli/rewrite_report.h"
#include "cli/table_run.h"
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

Result<query::FileCondition> ParseWhere(const std::string& text) {
  auto condition = query::FileCondition::Parse(text);
  if (!condition) return std::unexpected(condition.error().In(Component::kConfig));
  return condition;
}

/// A condition of the command line, as which files of a table it chooses.
Status SetWhere(const std::string& text, maintenance::CompactionOptions& options) {
  if (text.empty()) return {};
  K2I_ASSIGN_OR_RETURN(auto condition, ParseWhere(text));
  options.where = [condition =
                       std::move(condition)](const iceberg::TableMetadata& table) -> Result<maintenance::FileTest> {
    auto predicate = condition.In(table.current_schema());
    if (!predicate) return std::unexpected(predicate.error().In(Component::kConfig));
    return [predicate = *std::move(predicate), &table](const iceberg::DataFile& file) {
      return query::MayHaveRows(predicate, file, table);
    };
  };
  return {};
}

Result<maintenance::CompactionOptions> OptionsOf(TableRun& run, const RewriteFlags& flags) {
  auto options = MakeCompactionOptions(run.config);
  if (flags.target_mb > 0) options.policy.target_bytes = flags.target_mb * kMegabyte;
  options.policy.all_of_old_specs = flags.old_specs;
  if (flags.max_files > 0) options.policy.max_files = flags.max_files;
  options.dry_run = flags.dry_run;
  options.on_progress = [&run](const maintenance::CompactionProgress& progress) {
    run.line.Draw([&](double seconds) { return RenderCompactionProgress(progress, seconds); },
                  progress.bytes_done >= progress.bytes);
  };
  K2I_RETURN_IF_ERROR(SetWhere(flags.where, options));
  return options;
}

Result<MaintenanceReport> Compact(TableRun& run, const RewriteFlags& flags) {
  K2I_ASSIGN_OR_RETURN(const auto options, OptionsOf(run, flags));
  maintenance::CompactionReport report;
  maintenance::Compaction compaction(
      {*run.parts.catalog, *run.parts.store, run.clock, run.random, arrow::system_memory_pool()}, options);
  const Status done = compaction.Run(run.table, run.stop, report);
  return ReportOf(run.Ended(done ? std::nullopt : std::optional(done.error())), report);
}

Result<MaintenanceReport> MergeManifests(TableRun& run, const RewriteFlags& flags) {
  const maintenance::ManifestOptions options{.target_bytes = flags.target_mb * kMegabyte,
                                             .dry_run = flags.dry_run,
                                             .on_progress = CountProgress(run, "manifests"),
                                             .replace = MakeReplaceOptions(run.config)};
  K2I_ASSIGN_OR_RETURN(const auto report,
                       maintenance::RewriteTableManifests({*run.parts.catalog, run.clock, run.random}, *run.parts.store,
                                                          run.table, options, run.stop));
  return ReportOf(run.Ended(), report);
}

/// A flag that was given and only K2I's own way has; empty: none.
std::string OwnFlag(const RewriteFlags& flags, engines::JobKind kind) {
  if (flags.old_specs) return "--old-specs";
  return kind == engines::JobKind::kRewriteManifests && flags.target_mb > 0 ? "--target-mb" : "";
}

Result<EngineOrder> OrderOf(const config::Config& config, const RewriteFlags& flags, engines::JobKind kind) {
  if (const std::string own = OwnFlag(flags, kind); !own.empty()) return NotByEngine(own, flags);
  EngineOrder order{.kind = kind, .policy = MakeCompactionOptions(config).policy, .wishes = {}, .orphans = {}};
  if (!flags.where.empty()) {
    K2I_ASSIGN_OR_RETURN(order.where, ParseWhere(flags.where));
  }
  if (flags.target_mb > 0) order.policy.target_bytes = flags.target_mb * kMegabyte;
  if (flags.max_files > 0) order.policy.max_files = flags.max_files;
  return order;
}

struct JobChoice {
  Result<MaintenanceReport> (*own)(TableRun&, const RewriteFlags&);
  engines::JobKind kind;
};

Result<MaintenanceReport> RunJob(TableRun& run, const RewriteFlags& flags, JobChoice job) {
  if (flags.by_engine()) {
    K2I_ASSIGN_OR_RETURN(const EngineOrder order, OrderOf(run.config, flags, job.kind));
    return RunByEngine(run, order);
  }
  K2I_RETURN_IF_ERROR(run.Open(run.flags.table));
  return job.own(run, flags);
}

/// A command below `maintenance` with the flags that all have.
CLI::App* AddJob(CLI::App& maintenance, const std::string& name, const std::string& what, JobChoice job,
                 const std::shared_ptr<RewriteFlags>& flags, int& exit_code) {
  CLI::App* command = maintenance.add_subcommand(name, what);
  AddMaintenanceFlags(*command, *flags);
  command->callback([flags, job, &exit_code] {
    exit_code = RunMaintenance(*flags, [&](TableRun& run) { return RunJob(run, *flags, job); });
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
