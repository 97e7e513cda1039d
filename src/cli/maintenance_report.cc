// SPDX-License-Identifier: Apache-2.0
#include "cli/maintenance_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace k2i::cli {
namespace {

using maintenance::DeletionReport;
using maintenance::FileCount;
using nlohmann::ordered_json;

std::string BytesText(int64_t bytes) {
  static constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Title(const CleaningRun& run) {
  return fmt::format("table {}{}\n", run.table, run.dry_run ? " (dry run: nothing has been changed)" : "");
}

std::string FilesText(const CleaningRun& run, const DeletionReport& files) {
  const char* done = run.dry_run ? "to delete" : "deleted";
  const FileCount total = maintenance::Total(files.deleted);
  std::string text =
      fmt::format("{}: {} files, {}, in {:.1f} s\n", done, total.files, BytesText(total.bytes), run.seconds);
  for (const auto& [kind, count] : files.deleted) {
    text += fmt::format("  {:<14} {:>8} files  {:>12}\n", ToString(kind), count.files, BytesText(count.bytes));
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

std::string Whole(const CleaningRun& run, ordered_json more, const std::optional<Error>& error) {
  ordered_json json = {{"table", run.table}, {"dry_run", run.dry_run}, {"seconds", run.seconds}};
  json.update(more);
  json["error"] = error ? ordered_json{{"code", ToString(error->code)}, {"message", error->message}} : ordered_json();
  return json.dump() + "\n";
}

}  // namespace

std::string ExpiryText(const CleaningRun& run, const maintenance::ExpiryReport& report) {
  const auto& plan = report.plan;
  const char* done = run.dry_run ? "to expire" : "expired";
  std::string text = Title(run);
  text += fmt::format("snapshots {}: {}, kept: {}\n", done, plan.snapshots.size(), report.snapshots_kept);
  for (const std::string& ref : plan.refs) text += fmt::format("ref {}: {}\n", done, ref);
  for (const std::string& property : plan.properties) text += fmt::format("lease ended: {}\n", property);
  text += FilesText(run, report.files);
  if (!report.unreadable.empty()) {
    text += fmt::format("not read, and what only they name left to clean-orphans: {} files, such as {}\n",
                        report.unreadable.size(), report.unreadable[0]);
  }
  return text;
}

std::string ExpiryJson(const CleaningRun& run, const Result<maintenance::ExpiryReport>& report) {
  if (!report) return Whole(run, ordered_json::object(), report.error());
  const auto& plan = report->plan;
  return Whole(run,
               {{"expired_snapshots", plan.snapshots},
                {"kept_snapshots", report->snapshots_kept},
                {"expired_refs", plan.refs},
                {"ended_leases", plan.properties},
                {"deleted", FilesJson(report->files)},
                {"unreadable", report->unreadable}},
               report->files_error);
}

std::string OrphansText(const CleaningRun& run, const maintenance::OrphanReport& report) {
  return Title(run) +
         fmt::format("below {}: {} files, {}\n", report.location, report.listed_files, BytesText(report.listed_bytes)) +
         FilesText(run, report.files);
}

std::string OrphansJson(const CleaningRun& run, const Result<maintenance::OrphanReport>& report) {
  if (!report) return Whole(run, ordered_json::object(), report.error());
  return Whole(run,
               {{"location", report->location},
                {"found", {{"files", report->listed_files}, {"bytes", report->listed_bytes}}},
                {"deleted", FilesJson(report->files)}},
               report->stopped);
}

}  // namespace k2i::cli
