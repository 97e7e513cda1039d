// SPDX-License-Identifier: Apache-2.0
#include "engines/spark.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "engines/child_process.h"

namespace k2i::engines {
namespace {

constexpr size_t kShownOfErr = 2'000;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int64_t> CountOf(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

/// Without the frames of stack traces, which say least.
std::string EndOf(const std::string& err) {
  std::string kept;
  for (const std::string_view line : Split(err, '\n')) {
    if (!line.empty() && !line.starts_with("\tat ") && !line.starts_with("\t...")) kept.append(line).append("\n");
  }
  return kept.size() > kShownOfErr ? "… " + kept.substr(kept.size() - kShownOfErr) : kept;
}

}  // namespace

SparkAnswer ParseSparkOutput(std::string_view out) {
  SparkAnswer answer;
  std::vector<std::string_view> lines = Split(out, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  constexpr std::string_view kAppId = "spark.app.id\t";
  size_t header = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with(kAppId)) continue;
    answer.app_id = lines[i].substr(kAppId.size());
    header = i + 1;
  }
  if (header >= lines.size()) return answer;
  const auto names = Split(lines[header], '\t');
  for (size_t i = header + 1; i < lines.size(); ++i) {
    const auto cells = Split(lines[i], '\t');
    if (cells.size() != names.size()) continue;
    ++answer.rows;
    for (size_t column = 0; column < cells.size(); ++column) {
      if (const auto count = CountOf(cells[column])) answer.counts[std::string(names[column])] = *count;
    }
  }
  return answer;
}

Result<SparkAnswer> RunSpark(const std::vector<std::string>& command, const std::string& statement, Clock& clock,
                             const OnEngineProgress& on_progress, std::stop_token stop) {
  std::vector<std::string> arguments = command;
  arguments.insert(arguments.end(),
                   {"--conf", "spark.sql.cli.print.header=true", "-e", "SET spark.app.id; " + statement});
  const auto tell = [&] {
    if (on_progress) on_progress({.percent = {}, .state = "RUNNING"});
  };
  K2I_ASSIGN_OR_RETURN(const ChildOutput ran, RunChild(arguments, clock, tell, std::move(stop)));
  if (ran.exit_code != 0) {
    return Fail(ErrorCode::kInternal,
                fmt::format("{} ended with exit code {}:\n{}", command.front(), ran.exit_code, EndOf(ran.err)));
  }
  return ParseSparkOutput(ran.out);
}

}  // namespace k2i::engines
