// SPDX-License-Identifier: Apache-2.0
//
// What maintenance has done to a table, whoever did it: a command, another engine, or a task of `k2i ingest`. The kinds
// are in rewrite_report.h, cleaning_report.h and engine_report.h.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"

namespace k2i::cli {

/// How a run went, beside what it did.
struct MaintenanceRun {
  std::string table;
  bool dry_run = false;
  double seconds = 0;
  std::optional<Error> error = {};  // what ended it early, or is left undone
};

struct MaintenanceReport {
  MaintenanceRun run;
  nlohmann::ordered_json fields = nlohmann::ordered_json::object();  // empty where an error came before anything
  std::string text;                                                  // for people; the error is told apart
};

/// One object: the table, whether it was a dry run, the fields, seconds, the error or null.
nlohmann::ordered_json ToJson(const MaintenanceReport& report);

/// "900 B", "12.3 kB", "1.5 MB"
std::string SizeText(int64_t bytes);

/// One line for a terminal: "1234 of 5000 files, 310/s, 12 s left".
std::string RenderCountProgress(int64_t done, int64_t of, const char* what, double seconds);

}  // namespace k2i::cli
