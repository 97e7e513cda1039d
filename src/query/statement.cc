// SPDX-License-Identifier: Apache-2.0
#include "query/statement.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/ascii.h"
#include "query/statement_check.h"

namespace k2i::query {
namespace {

using nlohmann::json;

constexpr size_t kMaxStatementBytes = 1 << 20;
constexpr std::string_view kOnlySelect = "only one SELECT, or EXPLAIN of one, can be run";

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// `sql` from its first word on.
std::string_view SkipBlanks(std::string_view sql) {
  while (!sql.empty()) {
    size_t skipped = 0;
    if (IsSpace(sql[0])) {
      skipped = 1;
    } else if (sql.starts_with("--")) {
      skipped = std::min(sql.find('\n'), sql.size());
    } else if (sql.starts_with("/*")) {
      const size_t end = sql.find("*/", 2);
      if (end == std::string_view::npos) return {};
      skipped = end + 2;
    } else {
      return sql;
    }
    sql.remove_prefix(skipped);
  }
  return sql;
}

/// What follows `word` (in lower case) when `sql` begins with it.
std::optional<std::string_view> After(std::string_view sql, std::string_view word) {
  if (LowerAscii(sql.substr(0, word.size())) != word) return std::nullopt;
  const std::string_view rest = sql.substr(word.size());
  if (rest.empty() || IsSpace(rest[0]) || rest.starts_with("--") || rest.starts_with("/*") || rest[0] == '(')
    return SkipBlanks(rest);
  return std::nullopt;
}

/// DuckDB's syntax tree of the SELECT statements in `sql`, as JSON text.
Result<std::string> SyntaxTree(duckdb_connection connection, const std::string& sql) {
  DuckPrepared prepared;
  if (duckdb_prepare(connection, "SELECT json_serialize_sql(CAST($1 AS VARCHAR))", prepared.out()) != DuckDBSuccess) {
    return Fail(ErrorCode::kInternal,
                std::string("DuckDB has no parser to lend: ") + duckdb_prepare_error(prepared.get()));
  }
  const DuckValue text(duckdb_create_varchar_length(sql.data(), sql.size()));
  if (text.get() == nullptr || duckdb_bind_value(prepared.get(), 1, text.get()) != DuckDBSuccess) {
    return Fail(ErrorCode::kInvalidArgument, "the statement is not UTF-8 text");
  }
  DuckResult result;
  if (duckdb_execute_prepared(prepared.get(), &result.get()) != DuckDBSuccess) {
    return std::unexpected(ToError(duckdb_result_error_type(&result.get()), duckdb_result_error(&result.get())));
  }
  const DuckChunk chunk(duckdb_fetch_chunk(result.get()));
  if (!chunk || duckdb_data_chunk_get_size(chunk.get()) != 1) return Fail(ErrorCode::kInternal, "no syntax tree");
  auto* tree = static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0)));
  return std::string(duckdb_string_t_data(tree), duckdb_string_t_length(*tree));
}

Result<json> ParseTree(const std::string& text) {
  json tree = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object()) return Fail(ErrorCode::kInvalidArgument, "the statement cannot be checked");
  if (!tree.value("error", true)) return tree;
  const std::string message = tree.value("error_message", "");
  if (tree.value("error_type", "") == "not implemented" || message.empty()) {
    return Fail(ErrorCode::kInvalidArgument, std::string(kOnlySelect));
  }
  return Fail(ErrorCode::kInvalidArgument, message);
}

}  // namespace

Result<size_t> TableNames::Find(std::string_view database, std::string_view table) const {
  std::optional<size_t> found;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!EqualsIgnoringCase(names_[i].table, table)) continue;
    if (!database.empty() && !EqualsIgnoringCase(names_[i].database, database)) continue;
    if (found) {
      return Fail(ErrorCode::kInvalidArgument, "several databases have a table " + std::string(table) +
                                                   ": name it as " + names_[*found].database + "." +
                                                   names_[*found].table);
    }
    found = i;
  }
  if (found) return *found;
  const std::string name = database.empty() ? std::string(table) : std::string(database) + "." + std::string(table);
  return Fail(ErrorCode::kNotFound, "no table " + name + " is served here");
}

Result<size_t> TableNames::Find(std::string_view dotted) const {
  // Either part may hold dots itself.
  for (size_t dot = dotted.find('.'); dot != std::string_view::npos; dot = dotted.find('.', dot + 1)) {
    if (const auto found = Find(dotted.substr(0, dot), dotted.substr(dot + 1)); found && dot > 0) return found;
  }
  return Find({}, dotted);
}

Result<std::shared_ptr<const Statement>> ParseStatement(duckdb_connection connection, const std::string& sql,
                                                        const TableNames& tables) {
  if (sql.size() > kMaxStatementBytes) return Fail(ErrorCode::kInvalidArgument, "the statement is longer than 1 MB");
  // C strings end there.
  if (sql.contains('\0')) return Fail(ErrorCode::kInvalidArgument, "the statement holds a zero byte");
  auto statement = std::make_shared<Statement>();
  std::string_view body = SkipBlanks(sql);
  std::string prefix;
  if (const auto explained = After(body, "explain")) {
    statement->explain = true;
    body = *explained;
    prefix = "EXPLAIN ";
    if (const auto analyzed = After(body, "analyze")) {
      body = *analyzed;
      prefix = "EXPLAIN ANALYZE ";
    }
  }
  K2I_ASSIGN_OR_RETURN(const std::string text, SyntaxTree(connection, std::string(body)));
  K2I_ASSIGN_OR_RETURN(const json tree, ParseTree(text));
  const auto statements = tree.find("statements");
  if (statements == tree.end() || !statements->is_array() || statements->size() != 1) {
    return Fail(ErrorCode::kInvalidArgument, std::string(kOnlySelect));
  }
  K2I_ASSIGN_OR_RETURN(statement->mentions, CheckStatement((*statements)[0], tables));
  statement->sql = prefix + std::string(body);
  return statement;
}

}  // namespace k2i::query
