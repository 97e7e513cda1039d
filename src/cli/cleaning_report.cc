// SPDX-License-Identifier: Apache-2.0
#include "cli/cleaning_report.h"

#include <fmt/format.h>

namespace k2i::cli {
namespace {

using maintenance::DeletionReport;
using maintenance::FileCount;
using nlohmann::ordered_json;

std::string Title(const MaintenanceRun& run) {
  return fmt::format("table {}{}\n", run.table, run.dry_run ? " (dry run: nothing has been changed)" : "");
}

std::string FilesText(const MaintenanceRun& run, const DeletionReport& files) {
  const char* done = run.dry_run ? "to delete" : "deleted";
  const FileCount total = maintenance::Total(files.deleted);
  std::string text =
      fmt::format("{}: {} files, {}, in {:.1f} s\n", done, total.files, SizeText(total.bytes), run.seconds);
  for (const auto& [kind, count] : files.deleted) {
    text += fmt::format("  {:<14} {:>8} files  {:>12}\n", ToString(kind), count.files, SizeText(count.bytes));
  }
  if (files.missing > 0) text += fmt::format("gone already: {} files\n", files.missing);
  if (files.failed > 0) text += fmt::format("could not be deleted: {} files\n", files.failed);
  if (files.not_tried > 0) text += fmt::format("not tried: {} files\n", files.not_tried);
  for (const std::string& failure : files.failures) text += "  " + failure + "\n";
  if (!run.dry_run) return text;
  for (const std::string& location : files.listed) text += location + "\n";
  const auto listed = static_cast<int64_t>(files.listed.size());
  if (listed < total.files) text += fmt::format("… and {} more\n", total.files - listed);
  return text;
}

ordered_json FilesJson(const DeletionReport& files) {
  const FileCount total = maintenance::Total(files.deleted);
  ordered_json kinds = ordered_json::object();
  for (const auto& [kind, count] : files.deleted) {
    kinds[std::string(ToString(kind))] = {{"files", count.files}, {"bytes", count.bytes}};
  }
  return {{"files", total.files},       {"bytes", total.bytes},   {"kinds", std::move(kinds)},
          {"missing", files.missing},   {"failed", files.failed}, {"not_tried", files.not_tried},
          {"failures", files.failures}, {"listed", files.listed}};
}

std::string TextOf(const MaintenanceRun& run, const maintenance::ExpiryReport& report) {
  const auto& plan = report.plan;
  const char* done = run.dry_run ? "to expire" : "expired";
  std::string text = Title(run);
  text += fmt::format("snapshots {}: {}, kept: {}\n", done, plan.snapshots.size(), report.snapshots_kept);
  if (report.snapshots_left > 0) text += fmt::format("left to another run: {} snapshots\n", report.snapshots_left);
  for (const std::string& ref : plan.refs) text += fmt::format("ref {}: {}\n", done, ref);
  for (const std::string& property : plan.properties) text += fmt::format("lease ended: {}\n", property);
  text += FilesText(run, report.files);
  if (!report.unreadable.empty()) {
    text += fmt::format("not read, and what only they name left to clean-orphans: {} files, such as {}\n",
                        report.unreadable.size(), report.unreadable[0]);
  }
  return text;
}

ordered_json FieldsOf(const maintenance::ExpiryReport& report) {
  return {{"expired_snapshots", report.plan.snapshots},
          {"kept_snapshots", report.snapshots_kept},
          {"left_snapshots", report.snapshots_left},
          {"expired_refs", report.plan.refs},
          {"ended_leases", report.plan.properties},
          {"deleted", FilesJson(report.files)},
          {"unreadable", report.unreadable}};
}

std::string TextOf(const MaintenanceRun& run, const maintenance::OrphanReport& report) {
  return Title(run) +
         fmt::format("below {}: {} files, {}\n", report.location, report.listed_files, SizeText(report.listed_bytes)) +
         (report.reached_most_files ? "more may be left to another run\n" : "") + FilesText(run, report.files);
}

ordered_json FieldsOf(const maintenance::OrphanReport& report) {
  return {{"location", report.location},
          {"found", {{"files", report.listed_files}, {"bytes", report.listed_bytes}}},
          {"reached_max_files", report.reached_most_files},
          {"deleted", FilesJson(report.files)}};
}

}  // namespace

MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::ExpiryReport& report) {
  if (report.files_error) {
    run.error = report.files_error->With("the snapshots are expired, but files of theirs are left to clean-orphans");
  }
  std::string text = TextOf(run, report);
  return {.run = std::move(run), .fields = FieldsOf(report), .text = std::move(text)};
}

MaintenanceReport ReportOf(MaintenanceRun run, const maintenance::OrphanReport& report) {
  run.error = report.stopped;
  std::string text = TextOf(run, report);
  return {.run = std::move(run), .fields = FieldsOf(report), .text = std::move(text)};
}

}  // namespace k2i::cli
