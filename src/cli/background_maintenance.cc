// SPDX-License-Identifier: Apache-2.0
#include "cli/background_maintenance.h"

#include <arrow/memory_pool.h>

#include <utility>

#include "base/json_text.h"
#include "cli/cleaning_report.h"
#include "cli/maintenance_options.h"
#include "cli/rewrite_report.h"

namespace k2i::cli {
namespace {

using iceberg::TableIdentifier;
using nlohmann::ordered_json;

/// What the tasks of one process stand on.
struct Household {
  const config::Config& config;
  const CatalogParts& catalog;
  const StreamViews& views;
  Clock& clock;
  Random& random;
};

struct KeptTable {
  TableIdentifier identifier;
  const buffer::SnapshotPins& pins;
};

std::vector<KeptTable> TablesOf(const Household& house) {
  const auto stream = MakePipelineOptions(house.config).stream;
  return {{stream.table.identifier, house.views.table.pins()}, {stream.dead_letters, house.views.dead_letters.pins()}};
}

Result<MaintenanceReport> Compact(const Household& house, const KeptTable& table, std::stop_token stop) {
  maintenance::CompactionReport report;
  maintenance::Compaction compaction(
      {*house.catalog.catalog, *house.catalog.store, house.clock, house.random, arrow::system_memory_pool()},
      MakeCompactionOptions(house.config));
  const Status done = compaction.Run(table.identifier, std::move(stop), report);
  return ReportOf({.error = done ? std::nullopt : std::optional(done.error())}, report);
}

Result<MaintenanceReport> MergeManifests(const Household& house, const KeptTable& table, std::stop_token stop) {
  const maintenance::ManifestOptions options{.automatic = true, .replace = MakeReplaceOptions(house.config)};
  K2I_ASSIGN_OR_RETURN(const auto report, maintenance::RewriteTableManifests(
                                              {*house.catalog.catalog, house.clock, house.random}, *house.catalog.store,
                                              table.identifier, options, std::move(stop)));
  return ReportOf({}, report);
}

Result<MaintenanceReport> Expire(const Household& house, const KeptTable& table, std::stop_token stop) {
  const auto held = table.pins.Held();
  maintenance::ExpiryOptions options{.wishes = MakeExpiryWishes(house.config), .pinned = {held.begin(), held.end()}};
  options.deletion.stop = std::move(stop);
  maintenance::SnapshotExpiry expiry({*house.catalog.catalog, *house.catalog.store, house.clock, house.random},
                                     std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, expiry.Run(table.identifier));
  return ReportOf({}, report);
}

Result<MaintenanceReport> CleanOrphans(const Household& house, const KeptTable& table, std::stop_token stop) {
  auto options = MakeOrphanOptions(house.config, house.clock.wall_ms());
  options.deletion.stop = std::move(stop);
  maintenance::OrphanCleaning cleaning({*house.catalog.catalog, *house.catalog.store, house.clock}, std::move(options));
  K2I_ASSIGN_OR_RETURN(const auto report, cleaning.Run(table.identifier));
  return ReportOf({}, report);
}

/// Looks after one table. Of the run it tells the error alone.
using Chore = Result<MaintenanceReport> (*)(const Household&, const KeptTable&, std::stop_token);

/// What the chore did to the table; nullopt where there is none.
std::optional<MaintenanceReport> RunChore(const Household& house, const KeptTable& table, Chore chore,
                                          const std::stop_token& stop) {
  const Duration started = house.clock.monotonic();
  auto done = chore(house, table, stop);
  MaintenanceReport report = done ? *std::move(done) : MaintenanceReport{.run = {.error = done.error()}};
  if (report.run.error && report.run.error->code == ErrorCode::kNotFound) return std::nullopt;
  report.run.table = table.identifier.ToString();
  report.run.seconds = std::chrono::duration<double>(house.clock.monotonic() - started).count();
  return report;
}

/// Does one thing to both tables, whatever becomes of the first; JSON by table, and the first error. A table that is
/// not there, or of a kind that the task does not take, is no failure.
maintenance::TaskOutcome ForEachTable(const Household& house, Chore chore, const std::stop_token& stop) {
  maintenance::TaskOutcome outcome;
  auto told = ordered_json::object();
  for (const KeptTable& table : TablesOf(house)) {
    const auto report = RunChore(house, table, chore, stop);
    if (!report) continue;
    const auto& error = report->run.error;
    const bool not_supported = error && error->code == ErrorCode::kNotSupported;
    told[report->run.table] = not_supported ? ordered_json{{"not_supported", error->message}} : ToJson(*report);
    if (error && !not_supported && !outcome.error) outcome.error = error->With(report->run.table);
  }
  outcome.summary = OrderedJsonText(told);
  return outcome;
}

std::vector<maintenance::ScheduledTask> MakeTasks(const Household& house) {
  std::vector<maintenance::ScheduledTask> tasks;
  const auto add = [&](bool enabled, const char* name, int64_t interval_seconds, Chore chore) {
    if (!enabled || interval_seconds == 0) return;
    tasks.push_back({name, std::chrono::seconds(interval_seconds),
                     [house, chore](std::stop_token stop) { return ForEachTable(house, chore, stop); }});
  };
  const auto& wanted = house.config.maintenance;
  add(wanted.compaction_enabled, "compaction", wanted.compaction_interval_seconds, Compact);
  add(true, "manifest_rewrite", wanted.manifest_rewrite_interval_seconds, MergeManifests);
  add(wanted.snapshot_expiration_enabled, "snapshot_expiration", wanted.snapshot_expiration_interval_seconds, Expire);
  add(wanted.orphan_cleanup_enabled, "orphan_cleanup", wanted.orphan_cleanup_interval_seconds, CleanOrphans);
  return tasks;
}

void CountRun(MetricsRegistry& metrics, const maintenance::TaskRun& run) {
  metrics
      .GetCounter("k2i_maintenance_runs_total", "Runs of background maintenance",
                  {{"task", run.task}, {"outcome", run.outcome.error ? "failed" : "done"}})
      .Increment();
  metrics.GetHistogram("k2i_maintenance_seconds", "Duration of a run of background maintenance", {{"task", run.task}})
      .Observe(run.seconds);
}

}  // namespace

std::unique_ptr<maintenance::Scheduler> MakeBackgroundMaintenance(const config::Config& config,
                                                                  const CatalogParts& catalog, const StreamViews& views,
                                                                  MetricsRegistry& metrics, Clock& clock,
                                                                  Random& random,
                                                                  std::function<std::optional<std::string>()> hold) {
  auto tasks = MakeTasks({config, catalog, views, clock, random});
  if (tasks.empty()) return nullptr;
  return std::make_unique<maintenance::Scheduler>(
      std::move(tasks),
      maintenance::Scheduler::Options{
          .hold = std::move(hold), .on_end = [&metrics](const maintenance::TaskRun& run) { CountRun(metrics, run); }},
      clock, random);
}

}  // namespace k2i::cli
