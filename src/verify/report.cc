// SPDX-License-Identifier: Apache-2.0
#include "verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace k2i::verify {
namespace {

using nlohmann::ordered_json;

template <typename T>
ordered_json OrNull(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json FindingsJson(const std::vector<Finding>& findings) {
  ordered_json all = ordered_json::array();
  for (const Finding& finding : findings) {
    ordered_json each{{"kind", finding.kind}, {"snapshot_id", OrNull(finding.snapshot_id)}};
    each["topic"] = finding.partition ? ordered_json(finding.partition->topic) : ordered_json();
    each["partition"] = finding.partition ? ordered_json(finding.partition->partition.value) : ordered_json();
    each["message"] = finding.message;
    all.push_back(std::move(each));
  }
  return all;
}

ordered_json PartitionsJson(const std::vector<PartitionSpan>& spans) {
  ordered_json all = ordered_json::array();
  for (const PartitionSpan& span : spans) {
    all.push_back({{"topic", span.partition.topic},
                   {"partition", span.partition.partition.value},
                   {"from", span.from ? ordered_json(span.from->value) : ordered_json()},
                   {"next", span.next.value},
                   {"rows", OrNull(span.rows)}});
  }
  return all;
}

ordered_json SumsJson(const std::vector<ColumnSum>& sums) {
  ordered_json all = ordered_json::array();
  for (const ColumnSum& sum : sums) {
    all.push_back({{"column", sum.name},
                   {"type", sum.type},
                   {"count", sum.count},
                   {"sum", sum.sum.empty() ? ordered_json() : ordered_json(sum.sum)}});
  }
  return all;
}

/// "1,234,567"
std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string Line(bool good, const char* what, const std::string& text) {
  return fmt::format("{} {:<10} {}\n", good ? "✓" : "✗", what, text);
}

std::string HistoryLine(const Report& report, const std::set<std::string>& kinds) {
  const bool joins = std::ranges::none_of(kinds, [](const std::string& kind) {
    return kind == "gap" || kind == "overlap" || kind == "vector" || kind == "range" || kind == "identity" ||
           kind == "tag" || kind == "property" || kind == "rewind" || kind == "deleted-rows";
  });
  std::string text =
      fmt::format("{} snapshots{}, {} partitions", Grouped(report.our_snapshots),
                  report.complete_history ? " from the first" : " that are kept", report.partitions.size());
  if (report.foreign_snapshots > 0) text += fmt::format(", {} snapshots of others", Grouped(report.foreign_snapshots));
  if (joins) text += ": ranges join without gap or overlap";
  return Line(joins, "history", text);
}

std::string FilesLine(const Report& report, const std::set<std::string>& kinds) {
  const bool good = !kinds.contains("counters") && !kinds.contains("double-reference") &&
                    !kinds.contains("row-count") && !kinds.contains("file-size") && !kinds.contains("unreadable");
  std::string text = fmt::format("{} data files, {} rows", Grouped(report.data_files),
                                 report.rows ? Grouped(*report.rows) : "an unknown number of");
  if (good) text += ": footers and counters agree, none is referenced twice";
  return Line(good, "files", text);
}

std::string DeepLine(const Report& report, const std::set<std::string>& kinds) {
  const Report::Deep& deep = *report.deep;
  const auto unchecked = report.findings.Of(Severity::kUnchecked);
  const bool good = !kinds.contains("repeated-position") && !kinds.contains("outside-vector") &&
                    !kinds.contains("outside-range") && !kinds.contains("missing-rows");
  std::string text = fmt::format("{} rows of Kafka", Grouped(deep.rows));
  if (deep.rows_without_position > 0) text += fmt::format(", {} rows of others", Grouped(deep.rows_without_position));
  if (deep.declared_repeats > 0) text += fmt::format(", {} read again as declared", Grouped(deep.declared_repeats));
  if (good) {
    text += unchecked.empty() ? ": none is there twice, none is missing, each lies inside its snapshot's range"
                              : ": each lies inside what has been committed";
    const bool told = std::ranges::none_of(unchecked, [](const Finding& f) { return f.kind == "repeated-position"; });
    if (!unchecked.empty() && told) text += ", none is there twice";
  }
  return Line(good, "positions", text);
}

}  // namespace

std::string ReportJson(const Report& report) {
  ordered_json json{{"table", report.table},
                    {"table_uuid", report.table_uuid},
                    {"pipeline", report.pipeline},
                    {"branch", report.branch},
                    {"proven", report.proven()}};
  json["snapshots"] = {{"ours", report.our_snapshots},
                       {"foreign", report.foreign_snapshots},
                       {"complete", report.complete_history},
                       {"newest", OrNull(report.newest_snapshot_id)}};
  json["files"] = {{"data", report.data_files},
                   {"delete", report.delete_files},
                   {"bytes", report.data_bytes},
                   {"rows", OrNull(report.rows)}};
  json["partitions"] = PartitionsJson(report.partitions);
  json["deep"] = ordered_json();
  if (report.deep) {
    json["deep"] = {{"rows", report.deep->rows},
                    {"rows_without_position", report.deep->rows_without_position},
                    {"declared_repeats", report.deep->declared_repeats}};
  }
  json["sums"] = report.sums ? SumsJson(*report.sums) : ordered_json();
  json["problems"] = FindingsJson(report.findings.Of(Severity::kProblem));
  json["unchecked"] = FindingsJson(report.findings.Of(Severity::kUnchecked));
  json["notes"] = FindingsJson(report.findings.Of(Severity::kNote));
  return json.dump(2) + "\n";
}

std::string ReportText(const Report& report) {
  std::set<std::string> kinds;
  const auto problems = report.findings.Of(Severity::kProblem);
  for (const Finding& finding : problems) kinds.insert(finding.kind);
  std::string text = fmt::format("table {}, branch {}, pipeline {}\n", report.table, report.branch, report.pipeline);
  text += HistoryLine(report, kinds);
  text += FilesLine(report, kinds);
  if (report.deep) text += DeepLine(report, kinds);
  if (report.sums) {
    text += fmt::format("\n{:<32} {:<16} {:>16} {:>28}\n", "column", "type", "values", "sum");
    for (const ColumnSum& sum : *report.sums) {
      text += fmt::format("{:<32} {:<16} {:>16} {:>28}\n", sum.name, sum.type, Grouped(sum.count),
                          sum.sum.empty() ? "too large" : sum.sum);
    }
    text += "\n";
  }
  for (const Finding& finding : report.findings.Of(Severity::kNote)) text += "  note: " + finding.ToString() + "\n";
  for (const Finding& finding : report.findings.Of(Severity::kUnchecked)) {
    text += "? not checked: " + finding.ToString() + "\n";
  }
  for (const Finding& finding : problems) text += "✗ " + finding.ToString() + "\n";
  text += report.proven() ? "proven\n" : fmt::format("FAILED: {} problems\n", problems.size());
  return text;
}

}  // namespace k2i::verify
