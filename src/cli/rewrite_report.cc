// SPDX-License-Identifier: Apache-2.0
#include "cli/rewrite_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace k2i::cli {
namespace {

using maintenance::CompactionReport;
using maintenance::ManifestReport;
using nlohmann::ordered_json;

constexpr size_t kShownGroups = 20;
constexpr size_t kBarWidth = 24;

double Rate(int64_t bytes, double seconds) { return seconds > 0 ? static_cast<double>(bytes) / 1e6 / seconds : 0; }

int64_t Sum(const CompactionReport& report, int64_t maintenance::GroupReport::*member) {
  int64_t sum = 0;
  for (const auto& group : report.groups) sum += group.*member;
  return sum;
}

std::string GroupLines(const CompactionReport& report) {
  std::string text;
  for (size_t i = 0; i < std::min(report.groups.size(), kShownGroups); ++i) {
    const auto& group = report.groups[i];
    const std::string where = group.old_spec            ? "files of older partition specs"
                              : group.partition.empty() ? "the table"
                                                        : group.partition;
    text += fmt::format("  {}: {} files, {}, {} rows\n", where, group.files, SizeText(group.bytes), group.rows);
  }
  if (report.groups.size() > kShownGroups) text += fmt::format("  and {} more\n", report.groups.size() - kShownGroups);
  return text;
}

std::string LeftOutLines(const CompactionReport& report) {
  std::string text;
  if (report.not_rewritable > 0) {
    text +=
        fmt::format("left out: {} files that are not Parquet, encrypted, or referenced twice\n", report.not_rewritable);
  }
  if (report.groups_not_fewer > 0) {
    text += fmt::format("left as they were: {} groups that came to as many files\n", report.groups_not_fewer);
  }
  for (const std::string& reason : report.skipped) text += "skipped: " + reason + "\n";
  return text;
}

std::string TextOf(const MaintenanceRun& run, const CompactionReport& report) {
  std::string text =
      fmt::format("{}: {} data files, {}\n", run.table, report.live_files_before, SizeText(report.live_bytes_before));
  if (report.groups.empty()) {
    text += "nothing to compact\n";
  } else if (run.dry_run) {
    text += fmt::format(
        "would merge {} files ({}, {} rows) in {} groups to files of about {}\n",
        Sum(report, &maintenance::GroupReport::files), SizeText(Sum(report, &maintenance::GroupReport::bytes)),
        Sum(report, &maintenance::GroupReport::rows), report.groups.size(), SizeText(report.target_bytes));
    text += GroupLines(report);
  } else {
    text += fmt::format("merged {} files ({}) into {} ({}), {} rows, in {} commits\n", report.files_removed,
                        SizeText(report.bytes_removed), report.files_added, SizeText(report.bytes_added), report.rows,
                        report.commits);
    if (report.groups_copied > 0) {
      text += fmt::format("copied without decoding: {} of the groups\n", report.groups_copied);
    }
    if (report.rows_deleted > 0 || report.delete_files_removed > 0) {
      text += fmt::format("left out {} deleted rows, and dropped {} delete files that apply to nothing any more\n",
                          report.rows_deleted, report.delete_files_removed);
    }
    text += fmt::format("now {} data files; {:.1f} s, {:.1f} MB/s; {} conflicts, planned anew {} times\n",
                        report.live_files_after, run.seconds, Rate(report.bytes_removed, run.seconds), report.conflicts,
                        report.replans);
  }
  return text + LeftOutLines(report);
}

ordered_json FieldsOf(const CompactionReport& report) {
  ordered_json groups = ordered_json::array();
  for (const auto& group : report.groups) {
    groups.push_back({{"partition", group.partition},
                      {"files", group.files},
                      {"bytes", group.bytes},
                      {"rows", group.rows},
                      {"old_spec", group.old_spec},
                      {"has_deletes", group.has_deletes}});
  }
  return {{"target_bytes", report.target_bytes},
          {"groups", std::move(groups)},
          {"live_files", {{"before", report.live_files_before}, {"after", report.live_files_after}}},
          {"live_bytes_before", report.live_bytes_before},
          {"removed", {{"files", report.files_removed}, {"bytes", report.bytes_removed}}},
          {"added", {{"files", report.files_added}, {"bytes", report.bytes_added}}},
          {"rows", report.rows},
          {"bytes_read", report.bytes_read},
          {"groups_copied", report.groups_copied},
          {"deletes", {{"files_removed", report.delete_files_removed}, {"rows", report.rows_deleted}}},
          {"left_out",
           {{"not_rewritable", report.not_rewritable},
            {"groups_not_fewer", report.groups_not_fewer},
            {"skipped", report.skipped}}},
          {"commits", report.commits},
          {"conflicts", report.conflicts},
          {"replans", report.replans},
          {"snapshot_id", report.newest_snapshot == 0 ? ordered_json() : ordered_json(report.newest_snapshot)}};
}

std::string TextOf(const MaintenanceRun& run, const ManifestReport& report) {
  const auto& counts = report.counts;
  if (counts.replaced == 0) return fmt::format("{}: no manifests are worth merging\n", run.table);
  if (run.dry_run) {
    return fmt::format("{}: would merge {} manifests ({}, {} files) into {}; {} stay\n", run.table, counts.replaced,
                       SizeText(counts.bytes_read), counts.entries, counts.created, counts.kept);
  }
  return fmt::format("{}: merged {} manifests ({}) into {} ({}), {} files; {} stay; {:.1f} s, {} conflicts\n",
                     run.table, counts.replaced, SizeText(counts.bytes_read), counts.created,
                     SizeText(counts.bytes_written), counts.entries, counts.kept, run.seconds, report.conflicts);
}

ordered_json FieldsOf(const ManifestReport& report) {
  const auto& counts = report.counts;
  return {{"target_bytes", report.target_bytes},
          {"manifests", {{"replaced", counts.replaced}, {"created", counts.created}, {"kept", counts.kept}}},
          {"entries", counts.entries},
          {"bytes_read", counts.bytes_read},
          {"bytes_written", counts.bytes_written},
          {"conflicts", report.conflicts},
          {"snapshot_id", report.snapshot_id ? ordered_json(*report.snapshot_id) : ordered_json()}};
}

}  // namespace

MaintenanceReport ReportOf(MaintenanceRun run, const CompactionReport& report) {
  // What has been committed is told even when the rest failed.
  std::string text = !run.error || report.commits > 0 ? TextOf(run, report) : "";
  return {.run = std::move(run), .fields = FieldsOf(report), .text = std::move(text)};
}

MaintenanceReport ReportOf(MaintenanceRun run, const ManifestReport& report) {
  std::string text = TextOf(run, report);
  return {.run = std::move(run), .fields = FieldsOf(report), .text = std::move(text)};
}

std::string RenderCompactionProgress(const maintenance::CompactionProgress& progress, double seconds) {
  const double part =
      progress.bytes > 0 ? std::min(1.0, static_cast<double>(progress.bytes_done) / static_cast<double>(progress.bytes))
                         : 1.0;
  const auto full = static_cast<size_t>(part * static_cast<double>(kBarWidth));
  const double left = part > 0 ? seconds / part - seconds : 0;
  return fmt::format("[{}{}] {:3.0f} % | {}/{} groups | {} of {} | {:.1f} MB/s | {:.0f} s left", std::string(full, '#'),
                     std::string(kBarWidth - full, '.'), part * 100, progress.groups_done, progress.groups,
                     SizeText(progress.bytes_done), SizeText(progress.bytes), Rate(progress.bytes_done, seconds), left);
}

}  // namespace k2i::cli
