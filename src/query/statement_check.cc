// SPDX-License-Identifier: Apache-2.0
#include "query/statement_check.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/ascii.h"
#include "query/syntax_tree.h"

namespace k2i::query {
namespace {

using nlohmann::json;

using Scope = std::set<std::string>;  // CTEs that can be named, in lower case

std::unexpected<Error> Refuse(const std::string& what) {
  return Fail(ErrorCode::kInvalidArgument, what + " is not allowed in queries");
}

constexpr std::array<std::string_view, 19> kExpressionClasses = {
    "BETWEEN",  "CASE",     "CAST",   "COLLATE",    "COLUMN_REF", "COMPARISON", "CONJUNCTION",          "CONSTANT",
    "DEFAULT",  "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR",   "PARAMETER",  "POSITIONAL_REFERENCE", "STAR",
    "SUBQUERY", "TYPE",     "WINDOW"};

/// Walks a syntax tree. Every table and function it meets is checked; a node of a kind it does not know is refused.
class Checker {
 public:
  explicit Checker(const TableNames& tables) : tables_(tables) {}

  Status Statement(const json& statement, const Scope& scope) { return QueryNode(Member(statement, "node"), scope); }
  std::vector<Mention> TakeMentions() { return std::move(mentions_); }

 private:
  Status QueryNode(const json& node, Scope scope) {
    const std::string type = Text(node, "type");
    for (const json& entry : Member(Member(node, "cte_map"), "map")) {
      K2I_RETURN_IF_ERROR(Statement(Member(Member(entry, "value"), "query"), scope));
      K2I_RETURN_IF_ERROR(Expressions(Member(Member(entry, "value"), "key_targets"), scope));
      scope.insert(LowerAscii(Text(entry, "key")));
    }
    K2I_RETURN_IF_ERROR(Expressions(Member(node, "modifiers"), scope));
    if (type == "SELECT_NODE") return SelectNode(node, scope);
    if (type == "SET_OPERATION_NODE") return SetOperation(node, scope);
    if (type == "RECURSIVE_CTE_NODE") {
      K2I_RETURN_IF_ERROR(QueryNode(Member(node, "left"), scope));
      scope.insert(LowerAscii(Text(node, "cte_name")));
      K2I_RETURN_IF_ERROR(QueryNode(Member(node, "right"), scope));
      return Expressions(Member(node, "key_targets"), scope);
    }
    return Refuse("a query of kind " + type);
  }

  Status SetOperation(const json& node, const Scope& scope) {
    for (const char* side : {"left", "right"}) {
      if (node.contains(side)) K2I_RETURN_IF_ERROR(QueryNode(Member(node, side), scope));
    }
    for (const json& child : Member(node, "children")) K2I_RETURN_IF_ERROR(QueryNode(child, scope));
    return {};
  }

  Status SelectNode(const json& node, const Scope& scope) {
    K2I_RETURN_IF_ERROR(
        TableRef(Member(node, "from_table"), scope, node, /*may_filter=*/Member(node, "sample").is_null()));
    for (const auto& [key, value] : node.items()) {
      if (key != "from_table" && key != "cte_map" && key != "modifiers") K2I_RETURN_IF_ERROR(Expressions(value, scope));
    }
    return {};
  }

  /// `may_filter`: rows that do not meet the WHERE clause of `select` have no part in its answer.
  Status TableRef(const json& ref, const Scope& scope, const json& select, bool may_filter) {
    const std::string type = Text(ref, "type");
    may_filter = may_filter && Member(ref, "sample").is_null();
    if (type == "EMPTY") return {};
    if (type == "BASE_TABLE") return BaseTable(ref, scope, select, may_filter);
    if (type == "SUBQUERY") return Statement(Member(ref, "subquery"), scope);
    if (type == "EXPRESSION_LIST") return Expressions(Member(ref, "values"), scope);
    if (type == "JOIN") return Join(ref, scope, select, may_filter);
    if (type == "TABLE_FUNCTION") return TableFunction(Member(ref, "function"), scope);
    if (type == "PIVOT") return Pivot(ref, scope, select);
    if (type == "SHOW_REF") return Show(ref, scope);
    return Refuse("FROM with " + type);
  }

  Status Join(const json& ref, const Scope& scope, const json& select, bool may_filter) {
    // Which rows meet is not a matter of their values alone in these.
    const std::string kind = Text(ref, "ref_type");
    const std::string join = Text(ref, "join_type");
    const bool plain = kind == "REGULAR" || kind == "CROSS" || kind == "NATURAL";
    const bool known = join == "INNER" || join == "LEFT" || join == "RIGHT" || join == "OUTER";
    may_filter = may_filter && plain && known;
    K2I_RETURN_IF_ERROR(TableRef(Member(ref, "left"), scope, select, may_filter));
    K2I_RETURN_IF_ERROR(TableRef(Member(ref, "right"), scope, select, may_filter));
    for (const auto& [key, value] : ref.items()) {
      if (key != "left" && key != "right") K2I_RETURN_IF_ERROR(Expressions(value, scope));
    }
    return {};
  }

  Status Pivot(const json& ref, const Scope& scope, const json& select) {
    K2I_RETURN_IF_ERROR(TableRef(Member(ref, "source"), scope, select, /*may_filter=*/false));
    if (!Text(ref, "pivot_enum").empty()) return Refuse("PIVOT without its values");
    for (const auto& [key, value] : ref.items()) {
      if (key != "source") K2I_RETURN_IF_ERROR(Expressions(value, scope));
    }
    return {};
  }

  /// DESCRIBE and SUMMARIZE of a query.
  Status Show(const json& ref, const Scope& scope) {
    const std::string type = Text(ref, "show_type");
    if ((type != "DESCRIBE" && type != "SUMMARY") || !Member(ref, "query").is_object()) return Refuse("SHOW");
    return QueryNode(ref["query"], scope);
  }

  Status BaseTable(const json& ref, const Scope& scope, const json& select, bool may_filter) {
    const std::string catalog = Text(ref, "catalog_name");
    const std::string database = Text(ref, "schema_name");
    const std::string table = Text(ref, "table_name");
    if (!Member(ref, "at_clause").is_null()) return Refuse("AT");
    if (catalog.empty() && database.empty() && scope.contains(LowerAscii(table))) return {};
    if (!catalog.empty()) return Refuse("a table of the catalog " + catalog);
    auto found = tables_.Find(database, table);
    if (!found) return Fail(ErrorCode::kInvalidArgument, found.error().message);
    Mention mention{.table = *found};
    if (may_filter && Member(ref, "column_name_alias").empty()) {
      const std::string alias = Text(ref, "alias");
      const bool alone = Text(Member(select, "from_table"), "type") == "BASE_TABLE";
      mention.where = ReadCondition(
          Member(select, "where_clause"),
          {alias.empty() ? tables_.names()[*found].database : std::string(), alias.empty() ? table : alias, alone});
    }
    mentions_.push_back(std::move(mention));
    return {};
  }

  Status TableFunction(const json& function, const Scope& scope) {
    const std::string name = LowerAscii(Text(function, "function_name"));
    if (!IsAllowedTableFunction(name) || !IsOfDuckDb(function)) return Refuse("the table function " + name);
    return Expressions(Member(function, "children"), scope);
  }

  static bool IsOfDuckDb(const json& function) {
    const std::string catalog = LowerAscii(Text(function, "catalog"));
    const std::string schema = LowerAscii(Text(function, "schema"));
    return (catalog.empty() || catalog == "system") && (schema.empty() || schema == "main");
  }

  /// Everything below `value`, which is an expression, a list of them or what holds some.
  Status Expressions(const json& value, const Scope& scope) {
    if (value.is_array()) {
      for (const json& child : value) K2I_RETURN_IF_ERROR(Expressions(child, scope));
      return {};
    }
    if (!value.is_object()) return {};
    // Values of the user's own; nothing in them is a node.
    const std::string expression = Text(value, "class");
    if (expression == "CONSTANT") return {};
    if (value.contains("class")) {
      if (std::ranges::find(kExpressionClasses, expression) == kExpressionClasses.end()) {
        return Refuse("an expression of kind " + expression);
      }
      if (expression == "SUBQUERY") K2I_RETURN_IF_ERROR(Statement(Member(value, "subquery"), scope));
      if (value.contains("function_name")) {
        const std::string name = LowerAscii(Text(value, "function_name"));
        if (!IsAllowedFunction(name) || !IsOfDuckDb(value)) return Refuse("the function " + name);
      }
    } else if (value.contains("from_table") || value.contains("table_name") || value.contains("function_name")) {
      return Refuse("a table in this place");
    }
    for (const auto& [key, child] : value.items()) {
      const bool done = expression == "SUBQUERY" && key == "subquery";
      if (!done) K2I_RETURN_IF_ERROR(Expressions(child, scope));
    }
    return {};
  }

  const TableNames& tables_;
  std::vector<Mention> mentions_;
};

}  // namespace

bool IsAllowedFunction(std::string_view name) {
  // What reads settings, variables, sequences or other statements, writes logs, sleeps, or is not meant to be called.
  static const std::set<std::string_view> kRefused = {"combine",
                                                      "create_sort_key",
                                                      "currval",
                                                      "current_setting",
                                                      "current_query",
                                                      "finalize",
                                                      "getenv",
                                                      "getvariable",
                                                      "in_search_path",
                                                      "json_deserialize_sql",
                                                      "json_execute_serialized_sql",
                                                      "json_serialize_plan",
                                                      "json_serialize_sql",
                                                      "nextval",
                                                      "parse_duckdb_log_message",
                                                      "query",
                                                      "query_table",
                                                      "read_blob",
                                                      "read_text",
                                                      "remap_struct",
                                                      "setseed",
                                                      "setval",
                                                      "sleep_ms",
                                                      "stats",
                                                      "which_secret",
                                                      "write_log"};
  static constexpr std::string_view kRefusedPrefixes[] = {"__", "duckdb_", "pragma_", "pg_sleep", "pg_get_", "read_"};
  return !kRefused.contains(name) &&
         std::ranges::none_of(kRefusedPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

bool IsAllowedTableFunction(std::string_view name) {
  return name == "unnest" || name == "range" || name == "generate_series" || name == "json_each" || name == "json_tree";
}

Result<std::vector<Mention>> CheckStatement(const json& statement, const TableNames& tables) {
  Checker checker(tables);
  K2I_RETURN_IF_ERROR(checker.Statement(statement, {}));
  return checker.TakeMentions();
}

}  // namespace k2i::query
