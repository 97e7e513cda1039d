// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "cli/answer_text.h"
#include "cli/cold_tables.h"
#include "cli/commands.h"
#include "cli/query_client.h"
#include "cli/wiring.h"
#include "net/http_client.h"

namespace k2i::cli {
namespace {

struct QueryFlags {
  std::string sql;
  std::string file;
  std::string url;
  ConfigFlags config;
  QueryQuestion question;
  bool json = false, csv = false, arrow = false;
  std::string watch;  // "": not at all; "true": every two seconds
};

constexpr const char* kDefaultUrl = "http://localhost:8080";
constexpr double kWatchSeconds = 2;

std::optional<double> Seconds(const std::string& text) {
  if (text == "true") return kWatchSeconds;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool good = error == std::errc() && end == text.data() + text.size() && seconds > 0 && seconds <= 86'400;
  return good ? std::optional(seconds) : std::nullopt;
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return Fail(ErrorCode::kInvalidArgument, path + " cannot be read");
  return text;
}

/// Columns of the terminal; 0: standard output is none.
size_t TerminalWidth() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1) return 0;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// Asks again and again where the answer comes from; the configuration and the tables are opened once.
class Asker {
 public:
  explicit Asker(const QueryFlags& flags) : flags_(flags), url_(flags.url) {}

  Status Open() {
    if (!flags_.config.path.empty()) {
      K2I_ASSIGN_OR_RETURN(config_, LoadAndConfigure(flags_.config));
      if (url_.empty()) url_ = HealthUrl(config_->server);
    }
    if (url_.empty()) url_ = kDefaultUrl;
    while (url_.ends_with('/')) url_.pop_back();
    return {};
  }

  Result<std::string> Ask(const QueryQuestion& question) {
    if (cold_ == nullptr) {
      auto answer = AskServer(http_, url_, question);
      unreachable_ = !answer.reached && (!config_ || !flags_.url.empty());
      if (answer.reached || unreachable_) return std::move(answer.body);
      std::fprintf(stderr, "no server at %s: reading the table alone\n", url_.c_str());
      K2I_ASSIGN_OR_RETURN(cold_, OpenColdTables(*config_));
    }
    return AskService(*cold_, question);
  }
  /// The last question found no server, and there is no configuration to read the table by.
  bool unreachable() const { return unreachable_; }

 private:
  static std::string HealthUrl(const config::ServerConfig& server) {
    const bool any = server.bind == "0.0.0.0" || server.bind == "::";
    const bool six = server.bind.find(':') != std::string::npos;
    const std::string host = any ? "localhost" : six ? "[" + server.bind + "]" : server.bind;
    return "http://" + host + ":" + std::to_string(server.health_port);
  }

  const QueryFlags& flags_;
  std::string url_;
  net::HttpClient http_;
  std::optional<config::Config> config_;
  std::unique_ptr<query::Service> cold_;
  bool unreachable_ = false;
};

Status PrintTable(std::string body, double seconds) {
  K2I_ASSIGN_OR_RETURN(const AnswerText answer, ReadAnswer(std::move(body)));
  const RenderedTable table = RenderTable(answer.table, TerminalWidth());
  std::fwrite(table.text.data(), 1, table.text.size(), stdout);
  std::fflush(stdout);
  const size_t rows = answer.table.rows.size();
  std::fprintf(stderr, "%zu %s in %.3f s", rows, rows == 1 ? "row" : "rows", seconds);
  for (const std::string& pinned : answer.pinned) std::fprintf(stderr, "; %s", pinned.c_str());
  std::fprintf(stderr, "\n");
  if (table.columns_left_out > 0) {
    std::fprintf(stderr, "%zu columns have no room: name fewer, or take --json\n", table.columns_left_out);
  }
  return {};
}

Status AskAndPrint(Asker& asker, const QueryFlags& flags, bool redraw) {
  const auto begin = std::chrono::steady_clock::now();
  K2I_ASSIGN_OR_RETURN(std::string body, asker.Ask(flags.question));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (redraw && ::isatty(STDOUT_FILENO) == 1) std::fputs("\x1b[2J\x1b[H", stdout);
  if (!flags.json && !flags.csv && !flags.arrow) return PrintTable(std::move(body), seconds);
  if (flags.json) body += '\n';
  const bool written = std::fwrite(body.data(), 1, body.size(), stdout) == body.size() && std::fflush(stdout) == 0;
  if (!written) return Fail(ErrorCode::kUnavailable, "standard output does not take the answer");
  return {};
}

/// What is wrong with the command line, or nullptr.
const char* CheckUsage(QueryFlags& flags) {
  // `--watch "SELECT …"`: the value of --watch may be left out.
  if (!flags.watch.empty() && !Seconds(flags.watch) && flags.sql.empty() && flags.file.empty()) {
    flags.sql = std::exchange(flags.watch, "true");
  }
  if (!flags.watch.empty() && !Seconds(flags.watch)) return "--watch takes a number of seconds";
  if (flags.sql.empty() == flags.file.empty()) return "give either a query or --file";
  if (flags.json + flags.csv + flags.arrow > 1) return "--json, --csv and --arrow exclude each other";
  if (flags.arrow && ::isatty(STDOUT_FILENO) == 1) return "--arrow writes bytes: redirect standard output";
  return nullptr;
}

int Run(QueryFlags& flags) {
  if (const char* wrong = CheckUsage(flags)) {
    std::fprintf(stderr, "k2i: query: %s\n", wrong);
    return kExitUsage;
  }
  flags.question.sql = flags.sql;
  flags.question.accept = flags.json  ? "application/json"
                          : flags.csv ? "text/csv"
                                      : "application/vnd.apache.arrow.stream";
  if (!flags.file.empty()) {
    auto sql = ReadFile(flags.file);
    if (!sql) return ReportError(sql.error());
    flags.question.sql = std::move(*sql);
  }
  if (const auto question = QuestionJson(flags.question); !question) {
    ReportError(question.error());
    return kExitUsage;
  }
  Asker asker(flags);
  if (const Status opened = asker.Open(); !opened) return ReportError(opened.error());
  while (true) {
    const Status done = AskAndPrint(asker, flags, !flags.watch.empty());
    int exit_code = kExitOk;
    if (!done) exit_code = ReportError(done.error());
    if (flags.watch.empty()) return asker.unreachable() ? kExitUnhealthy : exit_code;
    std::this_thread::sleep_for(std::chrono::duration<double>(*Seconds(flags.watch)));
  }
}

}  // namespace

void AddQueryCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<QueryFlags>();
  CLI::App* command = app.add_subcommand("query", "Ask with SQL, over the newest rows and the whole table at once");
  command->add_option("sql", flags->sql, "The query");
  command->add_option("--file,-f", flags->file, "Read the query from a file; -: from standard input");
  command->add_option("--url", flags->url, std::string("Address of a K2I's health port; default ") + kDefaultUrl);
  command->add_option("--config,-c", flags->config.path,
                      "Configuration file (TOML): says where the server is; without one, the table alone is read");
  command->add_option("--set", flags->config.settings, "section.key=value: beats environment and file; may be repeated")
      ->allow_extra_args(false);
  command->add_flag("--json", flags->json, "Print JSON");
  command->add_flag("--csv", flags->csv, "Print CSV");
  command->add_flag("--arrow", flags->arrow, "Write an Arrow stream");
  command->add_option("--watch", flags->watch, "Ask again every so many seconds, 2 if none are given")->expected(0, 1);
  command
      ->add_option("--parameter,-p", flags->question.parameters,
                   "Value for a ? of the query: a JSON scalar, or else text; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("--wait-for", flags->question.wait_for,
                   "topic:partition:offset that the answer must include; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--timeout-ms", flags->question.timeout_ms, "Give up after this time")
      ->check(CLI::Range(int64_t{1}, int64_t{86'400'000}));
  command->add_option("--max-rows", flags->question.max_rows, "Take no more rows than this; more are an error")
      ->check(CLI::Range(int64_t{1}, INT64_MAX));
  command->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace k2i::cli
