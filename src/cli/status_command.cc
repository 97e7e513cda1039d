// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/commands.h"
#include "net/http_client.h"

namespace k2i::cli {
namespace {

using nlohmann::ordered_json;

struct StatusFlags {
  std::string url = "http://localhost:8080";
  bool json = false;
  bool watch = false;
};

/// What a running K2I says of itself: {"health": …, "status": …, "maintenance": …}.
Result<ordered_json> Ask(const std::string& url) {
  net::HttpClient http;
  ordered_json answer;
  for (const auto& [name, path] :
       {std::pair{"health", "/health"}, {"status", "/api/v1/status"}, {"maintenance", "/api/v1/maintenance"}}) {
    K2I_ASSIGN_OR_RETURN(const auto response, http.Send({.url = url + path, .timeout = std::chrono::seconds(5)}));
    answer[name] = ordered_json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (!answer[name].is_object()) {
      return Fail(ErrorCode::kCorruption, url + path + " does not answer as K2I does");
    }
  }
  return answer;
}

std::string Text(const ordered_json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void PrintPartitions(const ordered_json& status) {
  std::printf("\n%-24s %9s %12s %12s %12s %8s\n", "topic", "partition", "position", "committed", "log end", "lag");
  for (const auto& p : status.value("partitions", ordered_json::array())) {
    std::printf("%-24s %9s %12s %12s %12s %8s\n", Text(p["topic"]).c_str(), Text(p["partition"]).c_str(),
                Text(p["position"]).c_str(), Text(p["committed"]).c_str(), Text(p["log_end"]).c_str(),
                Text(p["lag"]).c_str());
  }
}

void PrintCommits(const ordered_json& status) {
  std::printf("\n%-20s %12s %6s %14s %9s %s\n", "last commits", "rows", "files", "bytes", "seconds", "reason");
  for (const auto& c : status.value("last_commits", ordered_json::array())) {
    std::printf("%-20s %12s %6s %14s %9.3f %s\n", Text(c["snapshot_id"]).c_str(), Text(c["rows"]).c_str(),
                Text(c["files"]).c_str(), Text(c["bytes"]).c_str(), c.value("seconds", 0.0), Text(c["reason"]).c_str());
  }
}

void PrintMaintenance(const ordered_json& maintenance) {
  const auto tasks = maintenance.value("tasks", ordered_json::array());
  if (tasks.empty()) return;
  std::printf("\n%-20s %8s %6s %9s %10s  %s\n", "maintenance", "state", "runs", "failures", "due in", "last");
  for (const auto& task : tasks) {
    const auto& last = task["last"];
    const std::string went = !last.is_object()        ? "-"
                             : last.contains("error") ? last["error"].get<std::string>()
                                                      : fmt::format("done in {:.1f} s", last.value("seconds", 0.0));
    std::printf("%-20s %8s %6s %9s %8.0f s  %s\n", Text(task["name"]).c_str(), Text(task["state"]).c_str(),
                Text(task["runs"]).c_str(), Text(task["failures"]).c_str(), task.value("due_in_seconds", 0.0),
                went.c_str());
  }
  if (const auto held = maintenance.value("held", ordered_json()); held.is_string()) {
    std::printf("held: %s\n", held.get<std::string>().c_str());
  }
}

void PrintForPeople(const ordered_json& answer) {
  const auto& health = answer["health"];
  const auto& status = answer["status"];
  std::printf("k2i %s, %s, up %s s\n", Text(health.value("version", ordered_json())).c_str(),
              Text(health.value("status", ordered_json())).c_str(),
              Text(health.value("uptime_seconds", ordered_json())).c_str());
  // Named, for items() does not keep what it looks at alive.
  const auto components = health.value("components", ordered_json::object());
  for (const auto& [name, component] : components.items()) {
    if (component.value("status", "") == "healthy") continue;
    std::printf("  %s %s: %s\n", name.c_str(), component.value("status", "").c_str(),
                component.value("message", "").c_str());
  }
  const auto buffer = status.value("buffer", ordered_json::object());
  const auto totals = status.value("totals", ordered_json::object());
  std::printf("%s: pipeline %s into %s\n", Text(status.value("state", ordered_json())).c_str(),
              Text(status.value("pipeline", ordered_json())).c_str(),
              Text(status.value("table", ordered_json())).c_str());
  std::printf("consumed %s, committed %s rows in %s commits and %s files, dead letters %s, lag %s\n",
              Text(totals["consumed"]).c_str(), Text(totals["committed_rows"]).c_str(), Text(totals["commits"]).c_str(),
              Text(totals["committed_files"]).c_str(), Text(totals["dead_letters"]).c_str(),
              Text(status.value("lag", ordered_json())).c_str());
  std::printf("buffer %s rows, %s of %s bytes, oldest uncommitted %.1f s\n", Text(buffer["rows"]).c_str(),
              Text(buffer["bytes"]).c_str(), Text(buffer["limit_bytes"]).c_str(),
              buffer.value("oldest_uncommitted_seconds", 0.0));
  PrintPartitions(status);
  PrintCommits(status);
  PrintMaintenance(answer["maintenance"]);
}

int ShowOnce(const StatusFlags& flags) {
  auto answer = Ask(flags.url);
  if (!answer) {
    std::fprintf(stderr, "k2i: %s: %s\n", flags.url.c_str(), answer.error().message.c_str());
    return kExitUnhealthy;
  }
  if (flags.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else {
    PrintForPeople(*answer);
  }
  return (*answer)["health"].value("status", "") == "unhealthy" ? kExitUnhealthy : kExitOk;
}

}  // namespace

void AddStatusCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<StatusFlags>();
  CLI::App* command = app.add_subcommand("status", "Health, lag, buffer and last commits of a running K2I");
  command->add_option("--url", flags->url, "Address of its health port")->capture_default_str();
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_flag("--watch", flags->watch, "Repeat every two seconds until interrupted");
  command->callback([flags, &exit_code] {
    while (true) {
      if (flags->watch && !flags->json) std::printf("\x1b[2J\x1b[H");
      exit_code = ShowOnce(*flags);
      std::fflush(stdout);
      if (!flags->watch) return;
      std::this_thread::sleep_for(std::chrono::seconds(2));
    }
  });
}

}  // namespace k2i::cli
