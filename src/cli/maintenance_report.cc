// SPDX-License-Identifier: Apache-2.0
#include "cli/maintenance_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace k2i::cli {

using nlohmann::ordered_json;

ordered_json ToJson(const MaintenanceReport& report) {
  const MaintenanceRun& run = report.run;
  ordered_json json = {{"table", run.table}, {"dry_run", run.dry_run}};
  json.update(report.fields);
  json["seconds"] = run.seconds;
  json["error"] = nullptr;
  if (run.error) json["error"] = {{"code", ToString(run.error->code)}, {"message", run.error->message}};
  return json;
}

std::string SizeText(int64_t bytes) {
  static constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string RenderCountProgress(int64_t done, int64_t of, const char* what, double seconds) {
  const double rate = static_cast<double>(done) / std::max(seconds, 0.001);
  const double left = rate > 0 ? static_cast<double>(of - done) / rate : 0;
  return fmt::format("{} of {} {}, {:.0f}/s, {:.0f} s left", done, of, what, rate, left);
}

}  // namespace k2i::cli
