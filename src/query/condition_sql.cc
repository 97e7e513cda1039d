// SPDX-License-Identifier: Apache-2.0
#include "query/condition_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/calendar.h"
#include "base/sql_text.h"
#include "query/constant_value.h"

namespace k2i::query {
namespace {

using iceberg::Literal;
using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;
using Op = Condition::Op;

std::unexpected<Error> Illegal(std::string message) { return Fail(ErrorCode::kInvalidArgument, std::move(message)); }

std::string TimestampText(int64_t micros) {
  const auto moment = calendar::FromMicros(micros);
  return calendar::FormatDate(moment.days) + " " + calendar::FormatTimeFixed(moment.nanos_of_day, 6);
}

class SqlWriter {
 public:
  SqlWriter(const iceberg::Schema& schema, SqlDialect dialect)
      : schema_(schema), spark_(dialect == SqlDialect::kSpark) {}

  Result<std::string> Write(const Condition& condition) const {
    if (condition.kind == Condition::Kind::kTest) return WriteTest(condition);
    if (condition.children.empty()) return Illegal("a condition for another engine compares columns with constants");
    std::string sql;
    for (const Condition& child : condition.children) {
      if (!sql.empty()) sql += condition.kind == Condition::Kind::kAnd ? " AND " : " OR ";
      K2I_ASSIGN_OR_RETURN(const std::string part, Write(child));
      sql += "(" + part + ")";
    }
    return sql;
  }

 private:
  Result<std::string> WriteTest(const Condition& condition) const {
    const auto named = [&](const NestedField& field) { return EqualsIgnoringCase(field.name, condition.column); };
    const auto column = std::ranges::find_if(schema_.fields(), named);
    if (column == schema_.fields().end()) return Illegal("the table has no column " + condition.column);
    const std::string name = Name(column->name);
    if (condition.op == Op::kIsNull) return name + " IS NULL";
    if (condition.op == Op::kNotNull) return name + " IS NOT NULL";
    std::vector<ValueRange> values;
    for (const Constant& constant : condition.constants) {
      const auto value = ToValueRange(constant, *column->type);
      if (!value) return Illegal("column " + column->name + " cannot be compared exactly with the constant");
      values.push_back(*value);
    }
    const auto text = [&](const Literal& literal) { return Value(literal, *column->type); };
    const ValueRange &first = values.front(), &last = values.back();
    const bool exact = first.low == first.high;
    switch (condition.op) {
      case Op::kLess:
        return name + (exact ? " < " : " <= ") + text(first.high);
      case Op::kLessOrEqual:
        return name + " <= " + text(first.high);
      case Op::kGreater:
        return name + (exact ? " > " : " >= ") + text(first.low);
      case Op::kGreaterOrEqual:
        return name + " >= " + text(first.low);
      case Op::kBetween:
        return name + " BETWEEN " + text(first.low) + " AND " + text(last.high);
      default:
        return AnyOf(name, *column->type, values);
    }
  }

  std::string AnyOf(const std::string& name, const Type& type, const std::vector<ValueRange>& values) const {
    std::string sql;
    for (const ValueRange& value : values) {
      if (!sql.empty()) sql += " OR ";
      sql += value.low == value.high
                 ? name + " = " + Value(value.low, type)
                 : "(" + name + " BETWEEN " + Value(value.low, type) + " AND " + Value(value.high, type) + ")";
    }
    return sql;
  }

  std::string Name(const std::string& name) const { return SqlQuoted(name, spark_ ? '`' : '"'); }
  std::string Text(const std::string& text) const { return spark_ ? SparkSqlText(text) : SqlQuoted(text, '\''); }

  std::string Value(const Literal& value, const Type& type) const {
    switch (type.id()) {
      case TypeId::kFloat:
        return fmt::format("CAST('{}' AS {})", std::get<float>(value), spark_ ? "FLOAT" : "REAL");
      case TypeId::kDouble:
        return fmt::format("CAST('{}' AS DOUBLE)", std::get<double>(value));
      case TypeId::kDecimal:
        return fmt::format("CAST('{}' AS DECIMAL({}, {}))", iceberg::ToHumanString(type, value), type.precision(),
                           type.scale());
      case TypeId::kDate:
        return "DATE '" + iceberg::ToHumanString(type, value) + "'";
      case TypeId::kTimestamp:
        return (spark_ ? "TIMESTAMP_NTZ '" : "TIMESTAMP '") + TimestampText(std::get<int64_t>(value)) + "'";
      case TypeId::kTimestampTz:
        return "TIMESTAMP '" + TimestampText(std::get<int64_t>(value)) + " UTC'";
      case TypeId::kString:
        return Text(std::get<std::string>(value));
      case TypeId::kUuid:  // a text to Spark
        return (spark_ ? "'" : "UUID '") + iceberg::ToHumanString(type, value) + "'";
      default:  // whole numbers and truth values
        return iceberg::ToHumanString(type, value);
    }
  }

  const iceberg::Schema& schema_;
  const bool spark_;
};

}  // namespace

Result<std::string> ConditionSql(const Condition& condition, const iceberg::Schema& schema, SqlDialect dialect) {
  return SqlWriter(schema, dialect).Write(condition);
}

}  // namespace k2i::query
