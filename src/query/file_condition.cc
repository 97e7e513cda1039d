// SPDX-License-Identifier: Apache-2.0
#include "query/file_condition.h"

#include <algorithm>

#include "base/ascii.h"
#include "query/file_bounds.h"
#include "query/table_filter.h"

namespace k2i::query {
namespace {

std::unexpected<Error> Illegal(std::string message) { return Fail(ErrorCode::kInvalidArgument, std::move(message)); }

/// Every part is a test of a column.
Status CheckWhole(const Condition& condition) {
  if (condition.kind == Condition::Kind::kTrue) {
    return Illegal(
        "a condition on files compares columns with constants (=, <, <=, >, >=, BETWEEN, IN, IS NULL, IS NOT NULL), "
        "joined by AND and OR, and nothing else");
  }
  for (const Condition& child : condition.children) K2I_RETURN_IF_ERROR(CheckWhole(child));
  return {};
}

Status CheckColumns(const Condition& condition, const iceberg::Schema& schema) {
  for (const Condition& child : condition.children) K2I_RETURN_IF_ERROR(CheckColumns(child, schema));
  if (condition.kind != Condition::Kind::kTest) return {};
  const auto named = [&](const auto& field) { return EqualsIgnoringCase(field.name, condition.column); };
  const auto column = std::ranges::find_if(schema.fields(), named);
  if (column == schema.fields().end()) {
    std::string names;
    for (const auto& field : schema.fields()) names += (names.empty() ? "" : ", ") + field.name;
    return Illegal("the table has no column " + condition.column + "; it has " + names);
  }
  const Statement alone{.mentions = {{.table = 0, .where = condition}}};
  if (FilterOf(alone, 0, schema, {}).kind != Predicate::Kind::kTrue) return {};
  return Illegal("column " + column->name + " is of type " + column->type->ToString() +
                 ", with which the constant of its condition cannot be compared exactly");
}

}  // namespace

Result<FileCondition> FileCondition::Parse(const std::string& text) {
  DuckDatabase database;
  DuckConnection connection;
  if (duckdb_open(nullptr, database.out()) != DuckDBSuccess ||
      duckdb_connect(database.get(), connection.out()) != DuckDBSuccess) {
    return Fail(ErrorCode::kInternal, "DuckDB, which reads the condition, does not start");
  }
  const TableNames tables(std::vector<TableNames::Name>{{"", "files"}});
  // The line's end closes a comment in it.
  auto statement = ParseStatement(connection.get(), "SELECT 1 FROM files WHERE (" + text + "\n)", tables);
  if (!statement) return std::unexpected(statement.error().With("condition \"" + text + "\""));
  const auto& mentions = (*statement)->mentions;
  if (mentions.size() != 1 || (*statement)->explain) return Illegal("condition \"" + text + "\" is none");
  if (Status whole = CheckWhole(mentions[0].where); !whole) {
    return std::unexpected(whole.error().With("condition \"" + text + "\""));
  }
  return FileCondition(mentions[0].where);
}

Result<Predicate> FileCondition::In(const iceberg::Schema& schema) const {
  K2I_RETURN_IF_ERROR(CheckColumns(condition_, schema));
  return FilterOf({.mentions = {{.table = 0, .where = condition_}}}, 0, schema, {});
}

Result<std::string> FileCondition::ToSql(const iceberg::Schema& schema, SqlDialect dialect) const {
  K2I_RETURN_IF_ERROR(CheckColumns(condition_, schema));
  return ConditionSql(condition_, schema, dialect);
}

bool MayHaveRows(const Predicate& predicate, const iceberg::DataFile& file, const iceberg::TableMetadata& table) {
  const auto spec = std::ranges::find(table.partition_specs, file.spec_id, &iceberg::PartitionSpec::spec_id);
  if (spec == table.partition_specs.end()) return true;
  return MayMatchFile(predicate, file, *spec, table.current_schema());
}

}  // namespace k2i::query
