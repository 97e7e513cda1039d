// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/sql/postgres.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace k2i::iceberg {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view kJdbc = "jdbc:";

std::string_view WithoutJdbc(std::string_view uri) {
  if (uri.starts_with(kJdbc)) uri.remove_prefix(kJdbc.size());
  return uri;
}

std::unexpected<Error> Refuse(ErrorCode code, const std::string& message) {
  return Fail(code, "PostgreSQL: " + message, Component::kCatalog);
}

std::string OneLine(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

/// PostgreSQL's documentation, appendix A "Error codes": classes first, then what of them differs.
ErrorCode CodeOf(std::string_view state) {
  if (state == "23505" || state == "42P07") return ErrorCode::kAlreadyExists;     // unique_violation, duplicate_table
  if (state == "57014") return ErrorCode::kTimeout;                               // query_canceled
  if (state == "55P03") return ErrorCode::kUnavailable;                           // lock_not_available
  if (state == "3D000") return ErrorCode::kInvalidConfig;                         // no such database
  if (state == "42501" || state == "25006") return ErrorCode::kPermissionDenied;  // no right, read-only
  const std::string_view group = state.substr(0, std::min<size_t>(2, state.size()));
  if (group == "28") return ErrorCode::kPermissionDenied;
  if (group == "22") return ErrorCode::kInvalidArgument;
  if (group == "53") return ErrorCode::kResourceExhausted;
  if (group == "08" || group == "40" || group == "57" || group == "58") return ErrorCode::kUnavailable;
  if (group == "XX") return ErrorCode::kCorruption;
  return ErrorCode::kInternal;
}

/// The code in a message of PQERRORS_VERBOSE, "FATAL:  28P01: …": libpq gives that of a failed connection nowhere else.
std::string_view StateIn(std::string_view message) {
  constexpr size_t kLength = 5;
  for (size_t at = message.find(":  "); at != message.npos; at = message.find(":  ", at + 1)) {
    const std::string_view code = message.substr(at + 3, kLength);
    const bool whole = code.size() == kLength && message.substr(at + 3 + kLength).starts_with(": ");
    if (whole && std::ranges::all_of(code, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); })) {
      return code;
    }
  }
  return {};
}

/// The SQL with $1 for ?1, and how many arguments it takes.
std::pair<std::string, size_t> Native(std::string sql) {
  size_t highest = 0;
  for (size_t at = sql.find('?'); at != sql.npos; at = sql.find('?', at)) {
    sql[at] = '$';
    size_t number = 0;
    std::from_chars(sql.data() + at + 1, sql.data() + sql.size(), number);
    highest = std::max(highest, number);
  }
  return {std::move(sql), highest};
}

/// Waits until the socket is ready; false when `deadline` passes first.
bool Await(int socket, bool write, std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd polled{socket, static_cast<short>(write ? POLLOUT : POLLIN), 0};
  return poll(&polled, 1, static_cast<int>(left.count())) != 0;
}

/// What libpq is told: the URI's options under those given beside it. Points to what it is given.
struct Settings {
  std::vector<const char*> names, values;
  void Add(const char* name, const char* value) {
    if (*value == '\0') return;
    names.push_back(name);
    values.push_back(value);
  }
};

}  // namespace

bool IsPostgresUri(std::string_view uri) {
  uri = WithoutJdbc(uri);
  return uri.starts_with("postgresql://") || uri.starts_with("postgres://");
}

std::string WithoutSecrets(std::string_view uri) {
  uri.remove_prefix(std::min(uri.size(), uri.find("://") + 3));
  uri = uri.substr(0, uri.find('?'));
  if (const size_t at = uri.rfind('@'); at != uri.npos) uri.remove_prefix(at + 1);
  return "postgresql://" + std::string(uri);
}

void Postgres::ResultDeleter::operator()(pg_result* result) const { PQclear(result); }

Result<std::unique_ptr<Postgres>> Postgres::Open(const PostgresOptions& options) {
  PostgresOptions checked = options;
  checked.uri = WithoutJdbc(options.uri);
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(checked.uri.c_str(), &problem), PQconninfoFree);
  const std::unique_ptr<char, void (*)(void*)> problem_owner(problem, PQfreemem);
  if (!parsed) return Refuse(ErrorCode::kInvalidConfig, problem ? OneLine(problem) : "no memory");
  std::unique_ptr<Postgres> database(new Postgres(std::move(checked)));
  K2I_RETURN_IF_ERROR(database->Connect());
  return database;
}

Postgres::~Postgres() { Disconnect(); }

void Postgres::Disconnect() {
  PQfinish(connection_);
  connection_ = nullptr;
}

bool Postgres::connected() const { return connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK; }

Status Postgres::Connect() {
  Disconnect();
  Settings settings;
  settings.Add("dbname", options_.uri.c_str());
  settings.Add("user", options_.user.c_str());
  settings.Add("password", options_.password.c_str());
  settings.Add("sslmode", options_.sslmode.c_str());
  settings.Add("sslrootcert", options_.sslrootcert.c_str());
  settings.Add("fallback_application_name", "k2i");
  settings.names.push_back(nullptr);
  settings.values.push_back(nullptr);
  connection_ = PQconnectStartParams(settings.names.data(), settings.values.data(), /*expand_dbname=*/1);
  if (connection_ == nullptr) return Refuse(ErrorCode::kResourceExhausted, "no memory");
  PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
  K2I_RETURN_IF_ERROR(FinishConnecting());
  PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
  const std::string limit = std::to_string(options_.statement_timeout.count());
  K2I_RETURN_IF_ERROR(Run("SET statement_timeout = " + limit, {}));
  return {};
}

Status Postgres::FinishConnecting() {
  const auto deadline = Clock::now() + options_.connect_timeout;
  // As libpq's documentation has it: a connection just started behaves as if it had last asked for writing.
  for (PostgresPollingStatusType status = PGRES_POLLING_WRITING; status != PGRES_POLLING_OK;
       status = PQconnectPoll(connection_)) {
    if (status == PGRES_POLLING_FAILED || PQstatus(connection_) == CONNECTION_BAD) {
      const std::string message = OneLine(PQerrorMessage(connection_));
      const std::string_view state = StateIn(message);
      const bool no_password = PQconnectionNeedsPassword(connection_) != 0;
      const ErrorCode code = no_password     ? ErrorCode::kPermissionDenied
                             : state.empty() ? ErrorCode::kUnavailable
                                             : CodeOf(state);
      Disconnect();
      return Refuse(code, message);
    }
    if (!Await(PQsocket(connection_), status == PGRES_POLLING_WRITING, deadline)) {
      Disconnect();
      return Refuse(ErrorCode::kTimeout, "no connection in time");
    }
  }
  return {};
}

std::unexpected<Error> Postgres::Lost(const std::string& doing) {
  const std::string why = connection_ ? OneLine(PQerrorMessage(connection_)) : "";
  Disconnect();
  return Refuse(ErrorCode::kUnavailable, doing + ": the connection is lost: " + why);
}

Result<Postgres::Answer> Postgres::Run(const std::string& sql, const Arguments& arguments) {
  if (!connected()) return Lost(sql);
  const auto [native, wanted] = Native(sql);
  std::vector<const char*> values;
  for (const std::string& argument : arguments) {
    if (values.size() < wanted) values.push_back(argument.c_str());
  }
  if (PQsendQueryParams(connection_, native.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) != 1) {
    return Lost(sql);
  }
  return Receive(sql);
}

Result<Postgres::Answer> Postgres::Receive(const std::string& sql) {
  // The server's own limit comes first where the server is well.
  const auto deadline = Clock::now() + options_.statement_timeout + Milliseconds(1'000);
  Answer answer;
  while (true) {
    while (PQisBusy(connection_) == 1) {
      if (!Await(PQsocket(connection_), false, deadline)) {
        Disconnect();
        return Refuse(ErrorCode::kTimeout, sql + ": no answer in time");
      }
      if (PQconsumeInput(connection_) != 1) return Lost(sql);
    }
    Answer next(PQgetResult(connection_));
    if (next == nullptr) break;
    answer = std::move(next);
  }
  if (answer == nullptr) return Lost(sql);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return answer;
  const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
  if (state == nullptr || !connected()) return Lost(sql);
  return Refuse(CodeOf(state), sql + ": " + OneLine(PQresultErrorMessage(answer.get())));
}

Result<Postgres::Answer> Postgres::RunAgain(const std::string& sql, const Arguments& arguments) {
  if (connected()) {
    auto answer = Run(sql, arguments);
    if (answer.has_value() || connected()) return answer;
    if (answer.error().code == ErrorCode::kTimeout) return answer;
  }
  K2I_RETURN_IF_ERROR(Connect());
  return Run(sql, arguments);
}

Result<std::vector<SqlDatabase::Row>> Postgres::Query(const std::string& sql, const Arguments& arguments) {
  K2I_ASSIGN_OR_RETURN(const Answer answer, RunAgain(sql, arguments));
  std::vector<Row> rows(static_cast<size_t>(PQntuples(answer.get())));
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
      const bool null = PQgetisnull(answer.get(), row, column) == 1;
      rows[static_cast<size_t>(row)].push_back(
          null ? std::nullopt : std::optional<std::string>(PQgetvalue(answer.get(), row, column)));
    }
  }
  return rows;
}

Result<int64_t> Postgres::Write(const std::vector<std::string>& statements, const Arguments& arguments) {
  K2I_RETURN_IF_ERROR(RunAgain("BEGIN ISOLATION LEVEL READ COMMITTED", {}));
  auto changed = RunAll(statements, arguments);
  if (!changed.has_value()) {
    // Without it nothing is committed either: the connection only stays in the transaction.
    if (connected() && !Run("ROLLBACK", {}).has_value()) Disconnect();
    return changed;
  }
  K2I_RETURN_IF_ERROR(Commit());
  return changed;
}

Result<int64_t> Postgres::RunAll(const std::vector<std::string>& statements, const Arguments& arguments) {
  int64_t changed = 0;
  for (const std::string& sql : statements) {
    K2I_ASSIGN_OR_RETURN(const Answer answer, Run(sql, arguments));
    const std::string_view count = PQcmdTuples(answer.get());
    changed = 0;
    std::from_chars(count.data(), count.data() + count.size(), changed);
  }
  return changed;
}

Status Postgres::Commit() {
  const auto committed = Run("COMMIT", {});
  if (committed.has_value()) return {};
  Error error = committed.error();
  // An error that the server tells over a connection that lives on has rolled the transaction back.
  if (!connected()) error.code = ErrorCode::kCommitStateUnknown;
  return std::unexpected(std::move(error));
}

Result<std::set<std::string>> Postgres::Columns(const std::string& table) {
  K2I_ASSIGN_OR_RETURN(const auto rows, Query("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?1) "
                                              "AND attnum > 0 AND NOT attisdropped",
                                              {table}));
  std::set<std::string> names;
  for (const Row& row : rows) names.insert(row[0].value_or(""));
  return names;
}

}  // namespace k2i::iceberg
