// SPDX-License-Identifier: Apache-2.0
#include "engines/statement.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/calendar.h"
#include "base/sql_text.h"

namespace k2i::engines {
namespace {

constexpr int64_t kMillisPerDay = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kClockMarginMs = 60'000;

/// With the catalog, or the first level of the namespace might be taken for one.
std::string SparkTable(const Job& job, const std::string& catalog) {
  std::string name = SqlQuoted(catalog, '`');
  for (const std::string& level : job.table.name_space) name += "." + SqlQuoted(level, '`');
  return SparkSqlText(name + "." + SqlQuoted(job.table.name, '`'));
}

std::string SparkTime(int64_t ms) {
  const int64_t days = ms / kMillisPerDay;
  return fmt::format("TIMESTAMP '{} {}Z'", calendar::FormatDate(days),
                     calendar::FormatTimeFixed((ms - days * kMillisPerDay) * 1'000'000, 6));
}

std::string SparkOptions(const Job& job) {
  std::string options = fmt::format(
      "'target-file-size-bytes', '{}', 'min-file-size-bytes', '{}', 'min-input-files', '{}', 'delete-file-threshold', "
      "'1'",
      job.target_bytes, job.small_below_bytes, job.min_input_files);
  if (job.max_files) options += fmt::format(", 'max-files-to-rewrite', '{}'", *job.max_files);
  return "map(" + options + ")";
}

/// Nested namespaces are one schema of Trino's, with dots.
std::string TrinoTable(const Job& job, const std::string& catalog) {
  std::string schema;
  for (const std::string& level : job.table.name_space) schema += (schema.empty() ? "" : ".") + level;
  return SqlQuoted(catalog, '"') + "." + SqlQuoted(schema, '"') + "." + SqlQuoted(job.table.name, '"');
}

std::string TrinoAge(int64_t older_than_ms, int64_t now_ms) {
  return fmt::format("(retention_threshold => '{}s')",
                     (std::max<int64_t>(0, now_ms - older_than_ms) + kClockMarginMs + 999) / 1000);
}

}  // namespace

std::string SparkStatement(const Job& job, const std::string& catalog) {
  const std::string table = SparkTable(job, catalog), system = "CALL " + SqlQuoted(catalog, '`') + ".system.";
  switch (job.kind) {
    case JobKind::kCompact:
      return fmt::format("{}rewrite_data_files(table => {}, options => {}{})", system, table, SparkOptions(job),
                         job.where.empty() ? "" : ", where => " + SparkSqlText(job.where));
    case JobKind::kRewriteManifests:
      return fmt::format("{}rewrite_manifests(table => {})", system, table);
    case JobKind::kExpireSnapshots:
      return fmt::format("{}expire_snapshots(table => {}, older_than => {}, retain_last => {})", system, table,
                         SparkTime(job.older_than_ms), job.retain_last);
    case JobKind::kCleanOrphans:
      return fmt::format("{}remove_orphan_files(table => {}, older_than => {})", system, table,
                         SparkTime(job.older_than_ms));
  }
  return "";
}

Result<std::string> TrinoStatement(const Job& job, const std::string& catalog, int64_t now_ms) {
  const std::string execute = "ALTER TABLE " + TrinoTable(job, catalog) + " EXECUTE ";
  switch (job.kind) {
    case JobKind::kCompact:
      if (job.max_files) {
        return Fail(ErrorCode::kNotSupported, "Trino's optimize has no bound of files: leave --max-files away");
      }
      return execute + fmt::format("optimize(file_size_threshold => '{}B')", job.small_below_bytes) +
             (job.where.empty() ? "" : " WHERE " + job.where);
    case JobKind::kRewriteManifests:
      return execute + "optimize_manifests";
    case JobKind::kExpireSnapshots:
      return execute + "expire_snapshots" + TrinoAge(job.older_than_ms, now_ms);
    case JobKind::kCleanOrphans:
      return execute + "remove_orphan_files" + TrinoAge(job.older_than_ms, now_ms);
  }
  return execute;
}

}  // namespace k2i::engines
