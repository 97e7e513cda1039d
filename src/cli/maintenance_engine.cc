// SPDX-License-Identifier: Apache-2.0
#include "cli/maintenance_engine.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "cli/engine_report.h"
#include "cli/version.h"
#include "engines/expiry_cutoff.h"
#include "engines/spark.h"
#include "engines/statement.h"
#include "engines/trino.h"
#include "net/http_client.h"
#include "progress/progress.h"

namespace k2i::cli {
namespace {

using engines::JobKind;
using iceberg::TableMetadata;

constexpr int64_t kDefaultTarget = int64_t{256} << 20;

std::unexpected<Error> NotConfigured(const std::string& key) {
  return Fail(ErrorCode::kInvalidConfig, "'" + key + "' is missing: --engine needs it", Component::kConfig);
}

int64_t TargetOf(const TableMetadata& table, int64_t wanted) {
  if (wanted > 0) return wanted;
  const std::string text = table.PropertyOr("write.target-file-size-bytes", "");
  int64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes > 0 ? bytes : kDefaultTarget;
}

/// Each pipeline whose boundary was found in `before` has one in `after`, no partition of it behind.
Status CheckBoundaries(const TableMetadata& before, const TableMetadata& after, const std::string& branch) {
  std::set<std::string> pipelines;
  for (const auto& snapshot : before.snapshots) {
    const auto found = snapshot.summary.find(std::string(progress::kPipelineKey));
    if (found != snapshot.summary.end()) pipelines.insert(found->second);
  }
  for (const std::string& pipeline : pipelines) {
    K2I_ASSIGN_OR_RETURN(const auto was, progress::FindBoundary(before, pipeline, branch));
    if (!was) continue;
    K2I_ASSIGN_OR_RETURN(const auto is, progress::FindBoundary(after, pipeline, branch));
    bool kept = is.has_value();
    for (const auto& [partition, next] : was->progress.Vector()) {
      kept = kept && is->progress.Next(partition).value_or(Offset(-1)) >= next;
    }
    if (kept) continue;
    return Fail(ErrorCode::kCorruption,
                "after the engine's work the boundary of pipeline " + pipeline +
                    " is not found any more: see `k2i offsets show`, and roll the table back",
                Component::kCatalog);
  }
  return {};
}

/// One job by one engine.
class EngineRun {
 public:
  EngineRun(TableRun& run, const EngineOrder& order) : run_(run), order_(order) {}

  MaintenanceReport Run();

 private:
  Status Open();
  Result<bool> Plan();
  Result<bool> PlanExpiry();
  Status PlanWhere();
  Status State();
  Status Execute();
  Status BySpark();
  Status ByTrino();
  Status Compare();
  engines::OnEngineProgress ProgressLine();

  bool by_spark() const { return run_.flags.engine == "spark"; }

  TableRun& run_;
  const EngineOrder& order_;
  iceberg::LoadedTable before_;
  engines::Job job_;
  EngineReport report_;
};

Status EngineRun::Open() {
  if (run_.config.iceberg.branch != "main") {
    return Fail(ErrorCode::kNotSupported,
                "--engine works on the branch main only, not on " + run_.config.iceberg.branch, Component::kConfig);
  }
  K2I_RETURN_IF_ERROR(run_.OpenCatalog());
  K2I_ASSIGN_OR_RETURN(before_, run_.parts.catalog->LoadTable(run_.table));
  return {};
}

/// False: no snapshot would go.
Result<bool> EngineRun::PlanExpiry() {
  const TableMetadata& table = *before_.metadata;
  K2I_RETURN_IF_ERROR(maintenance::CheckMayDelete(table));
  K2I_ASSIGN_OR_RETURN(const auto policy, maintenance::PolicyOf(table, order_.wishes, run_.clock.wall_ms()));
  K2I_ASSIGN_OR_RETURN(const auto plan, maintenance::PlanExpiry(table, policy, {}, run_.clock.wall_ms()));
  const auto cutoff = engines::EngineCutoff(table, plan.snapshots);
  job_.older_than_ms = cutoff.value_or(0);
  job_.retain_last = policy.min_snapshots_to_keep;
  return cutoff.has_value();
}

Status EngineRun::PlanWhere() {
  if (!order_.where) return {};
  const auto dialect = by_spark() ? query::SqlDialect::kSpark : query::SqlDialect::kTrino;
  auto sql = order_.where->ToSql(before_.metadata->current_schema(), dialect);
  if (!sql) return std::unexpected(sql.error().In(Component::kConfig));
  job_.where = *std::move(sql);
  return {};
}

/// False: there is nothing to do.
Result<bool> EngineRun::Plan() {
  const auto& policy = order_.policy;
  switch (order_.kind) {
    case JobKind::kCompact:
      K2I_RETURN_IF_ERROR(PlanWhere());
      job_.target_bytes = report_.target_bytes = TargetOf(*before_.metadata, policy.target_bytes);
      job_.small_below_bytes = policy.small_below_bytes > 0 ? policy.small_below_bytes : job_.target_bytes / 4 * 3;
      job_.min_input_files = policy.min_input_files;
      if (policy.max_files != maintenance::CompactionPolicy().max_files) job_.max_files = policy.max_files;
      return true;
    case JobKind::kRewriteManifests:
      return true;
    case JobKind::kExpireSnapshots:
      return PlanExpiry();
    case JobKind::kCleanOrphans: {
      job_.older_than_ms = order_.orphans.older_than_ms;
      maintenance::OrphanCleaning own({*run_.parts.catalog, *run_.parts.store, run_.clock}, order_.orphans);
      K2I_RETURN_IF_ERROR(own.Check(run_.table));
      return true;
    }
  }
  return true;
}

Status EngineRun::State() {
  const auto& spark = run_.config.maintenance.spark;
  const auto& trino = run_.config.maintenance.trino;
  if (by_spark()) {
    if (spark.command.empty()) return NotConfigured("maintenance.spark.command");
    if (spark.catalog.empty()) return NotConfigured("maintenance.spark.catalog");
    report_.statement = engines::SparkStatement(job_, spark.catalog);
    return {};
  }
  if (trino.uri.empty()) return NotConfigured("maintenance.trino.uri");
  if (trino.catalog.empty()) return NotConfigured("maintenance.trino.catalog");
  K2I_ASSIGN_OR_RETURN(report_.statement, engines::TrinoStatement(job_, trino.catalog, run_.clock.wall_ms()));
  return {};
}

engines::OnEngineProgress EngineRun::ProgressLine() {
  if (!TerminalLine::IsThere()) return {};  // engines are asked for their progress only where somebody sees it
  return [this](const engines::EngineProgress& progress) {
    const std::string percent = progress.percent ? fmt::format(" {:3.0f} %", *progress.percent) : "";
    run_.line.Draw([&](double seconds) {
      return fmt::format("{}: {}{} | {:.0f} s", run_.flags.engine, progress.state, percent, seconds);
    });
  };
}

Status EngineRun::BySpark() {
  K2I_ASSIGN_OR_RETURN(const auto answer, engines::RunSpark(run_.config.maintenance.spark.command, report_.statement,
                                                            run_.clock, ProgressLine(), run_.stop));
  report_.job_id = answer.app_id;
  if (order_.kind == JobKind::kCleanOrphans) report_.deleted = {{"other", answer.rows}};
  if (order_.kind != JobKind::kExpireSnapshots || answer.counts.empty()) return {};
  const auto count = [&](const char* column) {
    const auto found = answer.counts.find(column);
    return found == answer.counts.end() ? 0 : found->second;
  };
  report_.deleted = {
      {"data", count("deleted_data_files_count")},
      {"delete", count("deleted_position_delete_files_count") + count("deleted_equality_delete_files_count")},
      {"manifest", count("deleted_manifest_files_count")},
      {"manifest-list", count("deleted_manifest_lists_count")},
      {"statistics", count("deleted_statistics_files_count")}};
  return {};
}

Status EngineRun::ByTrino() {
  const auto& config = run_.config.maintenance.trino;
  net::HttpClient http({.ca_file = config.ca, .user_agent = std::string("k2i/") + kVersion});
  std::string uri = config.uri;
  while (uri.ends_with('/')) uri.pop_back();
  engines::Trino trino(
      {http, run_.clock, run_.random},
      {.uri = uri, .user = config.user, .password = config.password.Reveal(), .token = config.token.Reveal()});
  std::map<std::string, std::string> session;
  if (order_.kind == JobKind::kCompact) {
    session[config.catalog + ".target_max_file_size"] = std::to_string(job_.target_bytes) + "B";
  }
  K2I_ASSIGN_OR_RETURN(report_.job_id, trino.Run(report_.statement, session, ProgressLine(), run_.stop));
  return {};
}

/// What has become of the table, by its own word.
Status EngineRun::Compare() {
  K2I_ASSIGN_OR_RETURN(const auto now, run_.parts.catalog->LoadTable(run_.table));
  const TableMetadata &before = *before_.metadata, &after = *now.metadata;
  report_.work = engines::WorkBetween(before, after,
                                      {run_.flags.engine, by_spark() ? "app-id" : "trino_query_id", report_.job_id});
  const auto live_files = [](const TableMetadata& table, const char* key) {
    const auto* head = table.FindRef("main");
    return head == nullptr ? 0 : engines::SummaryCount(*head, key);
  };
  report_.live_files_before = live_files(before, "total-data-files");
  report_.live_bytes_before = live_files(before, "total-files-size");
  report_.live_files_after = live_files(after, "total-data-files");
  report_.location = after.location;
  if (order_.kind == JobKind::kExpireSnapshots) {
    report_.expired_snapshots = engines::SnapshotsGone(before, after);
    report_.expired_refs = engines::RefsGone(before, after);
    report_.kept_snapshots = after.snapshots.size();
  }
  if (order_.kind == JobKind::kRewriteManifests && !report_.work.snapshots.empty()) {
    K2I_ASSIGN_OR_RETURN(report_.manifests,
                         engines::ManifestsOf(*run_.parts.store, after, report_.work.snapshots.back()));
  }
  return CheckBoundaries(before, after, run_.config.iceberg.branch);
}

Status EngineRun::Execute() {
  K2I_RETURN_IF_ERROR(Open());
  K2I_ASSIGN_OR_RETURN(const bool anything, Plan());
  if (anything) K2I_RETURN_IF_ERROR(State());
  if (run_.flags.dry_run) return {};
  if (!anything) return Compare();
  K2I_RETURN_IF_ERROR(by_spark() ? BySpark() : ByTrino());
  return Compare();
}

MaintenanceReport EngineRun::Run() {
  job_.kind = report_.kind = order_.kind;
  job_.table = run_.table;
  report_.engine = run_.flags.engine;
  const Status done = Execute();
  return ReportOf(run_.Ended(done ? std::nullopt : std::optional(done.error())), report_);
}

}  // namespace

std::unexpected<Error> NotByEngine(const std::string& flag, const MaintenanceFlags& flags) {
  return Fail(ErrorCode::kNotSupported, flag + " is not for --engine " + flags.engine, Component::kConfig);
}

Result<MaintenanceReport> RunByEngine(TableRun& run, const EngineOrder& order) {
  K2I_RETURN_IF_ERROR(run.FindTable(run.flags.table));
  return EngineRun(run, order).Run();
}

}  // namespace k2i::cli
