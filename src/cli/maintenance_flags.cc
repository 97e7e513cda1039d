// SPDX-License-Identifier: Apache-2.0
#include "cli/maintenance_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "record/time_text.h"

namespace k2i::cli {
namespace {

constexpr int64_t kMillisPerDay = int64_t{24} * 60 * 60 * 1000;
constexpr int64_t kLongestDays = 100 * 366;

std::optional<int64_t> MillisOfUnit(char unit) {
  switch (unit) {
    case 's':
      return 1000;
    case 'm':
      return 60 * 1000;
    case 'h':
      return 60 * 60 * 1000;
    case 'd':
      return kMillisPerDay;
    default:
      return std::nullopt;
  }
}

/// "5d" in milliseconds.
std::optional<int64_t> ParseAge(std::string_view text) {
  const auto unit = text.empty() ? std::nullopt : MillisOfUnit(text.back());
  if (!unit) return std::nullopt;
  int64_t count = -1;
  const char* end = text.data() + text.size() - 1;
  const bool number = std::from_chars(text.data(), end, count) == std::from_chars_result{end, std::errc()};
  if (!number || count < 0 || count > kLongestDays * kMillisPerDay / *unit) return std::nullopt;
  return count * *unit;
}

}  // namespace

void AddMaintenanceFlags(CLI::App& command, MaintenanceFlags& flags) {
  AddConfigFlags(command, flags.config);
  command.add_option("--table", flags.table, "database.table in place of the configuration's");
  command.add_flag("--dry-run", flags.dry_run, "Say what would be done, and change nothing");
  command.add_flag("--json", flags.json, "Print JSON");
  command.add_option("--engine", flags.engine, "Hand the job to an engine that is there: spark, trino")
      ->check(CLI::IsMember({"k2i", "spark", "trino"}));
}

void AddCleaningFlags(CLI::App& command, CleaningFlags& flags) {
  AddMaintenanceFlags(command, flags);
  command.add_option("--older-than", flags.older_than, "An age (12h, 5d) or a moment (2024-01-31T12:00:00Z)");
  command.add_option("--threads", flags.threads, "Files read or deleted at once")->check(CLI::Range(1, 256));
}

Result<int64_t> ParseOlderThan(std::string_view text, int64_t now_ms) {
  if (const auto age = ParseAge(text)) return now_ms - *age;
  int32_t days = 0;
  if (record::ParseDate(text, &days) == nullptr) return days * kMillisPerDay;
  int64_t micros = 0;
  if (record::ParseTimestamp(text, record::Zone::kWith, record::TimeUnit::kMicros, &micros) == nullptr) {
    return micros / 1000;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--older-than {} is neither an age, such as 12h or 5d, nor a moment with its zone, such as "
                          "2024-01-31T12:00:00Z",
                          text),
              Component::kConfig);
}

}  // namespace k2i::cli
