// SPDX-License-Identifier: Apache-2.0
#include "cli/engine_report.h"

#include <fmt/format.h>

namespace k2i::cli {
namespace {

using engines::JobKind;
using nlohmann::ordered_json;

int64_t DeletedFiles(const EngineReport& report) {
  int64_t files = 0;
  for (const auto& [kind, count] : *report.deleted) files += count;
  return files;
}

/// Bytes are in none of the engines' answers.
ordered_json DeletedJson(const EngineReport& report) {
  if (!report.deleted) return nullptr;
  ordered_json kinds = ordered_json::object();
  for (const auto& [kind, count] : *report.deleted) {
    if (count > 0) kinds[kind] = {{"files", count}, {"bytes", nullptr}};
  }
  return {{"files", DeletedFiles(report)}, {"bytes", nullptr}, {"kinds", std::move(kinds)}};
}

ordered_json NewestCommit(const EngineReport& report) {
  return report.work.snapshots.empty() ? ordered_json() : ordered_json(report.work.snapshots.back());
}

ordered_json CompactionFields(const EngineReport& report) {
  const auto& work = report.work;
  return {{"target_bytes", report.target_bytes},
          {"groups", nullptr},
          {"live_files", {{"before", report.live_files_before}, {"after", report.live_files_after}}},
          {"live_bytes_before", report.live_bytes_before},
          {"removed", {{"files", work.files_removed}, {"bytes", work.bytes_removed}}},
          {"added", {{"files", work.files_added}, {"bytes", work.bytes_added}}},
          {"rows", work.rows_added},
          {"deletes", {{"files_removed", work.delete_files_removed}, {"rows", work.rows_removed - work.rows_added}}},
          {"left_out", nullptr},
          {"commits", work.snapshots.size()},
          {"conflicts", nullptr},
          {"replans", nullptr},
          {"snapshot_id", NewestCommit(report)}};
}

ordered_json ManifestFields(const EngineReport& report) {
  const auto& work = report.manifests;
  return {{"target_bytes", nullptr},
          {"manifests", {{"replaced", work.replaced}, {"created", work.created}, {"kept", work.kept}}},
          {"entries", work.entries},
          {"bytes_read", work.bytes_read},
          {"bytes_written", work.bytes_written},
          {"conflicts", nullptr},
          {"snapshot_id", NewestCommit(report)}};
}

ordered_json FieldsOf(const EngineReport& report) {
  switch (report.kind) {
    case JobKind::kCompact:
      return CompactionFields(report);
    case JobKind::kRewriteManifests:
      return ManifestFields(report);
    case JobKind::kExpireSnapshots:
      return {{"expired_snapshots", report.expired_snapshots},
              {"kept_snapshots", report.kept_snapshots},
              {"expired_refs", report.expired_refs},
              {"ended_leases", ordered_json::array()},
              {"deleted", DeletedJson(report)},
              {"unreadable", nullptr}};
    case JobKind::kCleanOrphans:
      return {{"location", report.location}, {"found", nullptr}, {"deleted", DeletedJson(report)}};
  }
  return {};
}

std::string DeletedText(const EngineReport& report) {
  if (!report.deleted) return fmt::format("{} does not say how many files it has deleted", report.engine);
  return fmt::format("{} files deleted", DeletedFiles(report));
}

std::string WorkText(const EngineReport& report) {
  const auto& work = report.work;
  switch (report.kind) {
    case JobKind::kCompact:
      return fmt::format(
          "merged {} files ({} bytes) into {} ({} bytes), {} rows, in {} commits; {} data files before, "
          "{} now",
          work.files_removed, work.bytes_removed, work.files_added, work.bytes_added, work.rows_added,
          work.snapshots.size(), report.live_files_before, report.live_files_after);
    case JobKind::kRewriteManifests:
      return fmt::format("merged {} manifests ({} bytes) into {} ({} bytes); {} stay", report.manifests.replaced,
                         report.manifests.bytes_read, report.manifests.created, report.manifests.bytes_written,
                         report.manifests.kept);
    case JobKind::kExpireSnapshots:
      return fmt::format("snapshots expired: {}, kept: {}, refs expired: {}; {}", report.expired_snapshots.size(),
                         report.kept_snapshots, report.expired_refs.size(), DeletedText(report));
    case JobKind::kCleanOrphans:
      return DeletedText(report);
  }
  return "";
}

std::string TextOf(const MaintenanceRun& run, const EngineReport& report) {
  const std::string by = fmt::format("{} by {}: ", run.table, report.engine);
  if (report.statement.empty()) return by + "nothing to do\n";
  if (run.dry_run) return by + "would run\n" + report.statement + "\n";
  const std::string job = report.job_id.empty() ? "" : " (" + report.job_id + ")";
  return fmt::format("{}{}; {:.1f} s{}\n", by, WorkText(report), run.seconds, job);
}

}  // namespace

MaintenanceReport ReportOf(MaintenanceRun run, const EngineReport& report) {
  const auto text = [](const std::string& value) { return value.empty() ? ordered_json() : ordered_json(value); };
  MaintenanceReport told{.fields = {{"engine", report.engine},
                                    {"engine_job", text(report.job_id)},
                                    {"statement", text(report.statement)}}};
  if (!run.error && !run.dry_run) told.fields.update(FieldsOf(report));
  if (!run.error) told.text = TextOf(run, report);
  told.run = std::move(run);
  return told;
}

}  // namespace k2i::cli
