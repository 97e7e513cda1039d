// SPDX-License-Identifier: Apache-2.0
#include "query/condition.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "query/syntax_tree.h"

namespace k2i::query {
namespace {

using nlohmann::json;
using Op = Condition::Op;

/// The value of a VALUE_CONSTANT: numbers that JSON has whole, texts, truth values; no NULL.
std::optional<Constant> ReadValue(const json& value) {
  const json& content = Member(value, "value");
  const std::string type = Text(Member(value, "type"), "id");
  if (type == "VARCHAR" && content.is_string()) return Constant{content.get<std::string>(), ""};
  if (type == "BOOLEAN" && content.is_boolean()) return Constant{content.get<bool>(), ""};
  if (type == "DOUBLE" && content.is_number()) return Constant{content.get<double>(), ""};
  if (!content.is_number_integer()) return std::nullopt;
  Constant::Number number;
  if (content.is_number_unsigned()) {
    number.unscaled.value = content.get<uint64_t>();
  } else {
    number.unscaled.value = content.get<int64_t>();
  }
  if (type == "DECIMAL") {
    const json& scale = Member(Member(Member(value, "type"), "type_info"), "scale");
    if (!scale.is_number_integer()) return std::nullopt;
    number.scale = scale.get<int>();
  } else if (type != "TINYINT" && type != "SMALLINT" && type != "INTEGER" && type != "BIGINT" && type != "UTINYINT" &&
             type != "USMALLINT" && type != "UINTEGER" && type != "UBIGINT") {
    return std::nullopt;
  }
  return Constant{number, ""};
}

std::optional<Constant> ReadConstant(const json& expression) {
  const std::string kind = Text(expression, "class");
  if (kind == "CONSTANT") return ReadValue(Member(expression, "value"));
  if (kind == "PARAMETER") return Constant{Constant::Parameter{Text(expression, "identifier")}, ""};
  if (kind != "CAST" || Member(expression, "try_cast") != json(false)) return std::nullopt;
  auto constant = ReadConstant(Member(expression, "child"));
  if (!constant || !constant->cast.empty()) return std::nullopt;
  constant->cast = Text(Member(expression, "cast_type"), "id");
  if (constant->cast.empty()) return std::nullopt;
  return constant;
}

/// The name of a column of the mention; nullopt for anything else.
std::optional<std::string> ReadColumn(const json& expression, const MentionNames& names) {
  if (Text(expression, "class") != "COLUMN_REF") return std::nullopt;
  std::vector<std::string> parts;
  for (const json& part : Member(expression, "column_names")) {
    if (!part.is_string()) return std::nullopt;
    parts.push_back(part.get<std::string>());
  }
  if (parts.size() == 1 && names.alone) return parts[0];
  if (parts.size() == 2 && EqualsIgnoringCase(parts[0], names.table)) return parts[1];
  if (parts.size() == 3 && !names.database.empty() && EqualsIgnoringCase(parts[0], names.database) &&
      EqualsIgnoringCase(parts[1], names.table)) {
    return parts[2];
  }
  return std::nullopt;
}

Condition Test(std::string column, Op op, std::vector<Constant> constants) {
  Condition condition{.kind = Condition::Kind::kTest};
  condition.column = std::move(column);
  condition.op = op;
  condition.constants = std::move(constants);
  return condition;
}

/// `column op constants`, as the children of `expression` from `first` on say; kTrue when they are of another kind.
Condition TestOf(const json& column, Op op, const std::vector<const json*>& operands, const MentionNames& names) {
  auto name = ReadColumn(column, names);
  if (!name) return {};
  std::vector<Constant> constants;
  for (const json* operand : operands) {
    auto constant = ReadConstant(*operand);
    if (!constant) return {};
    constants.push_back(*std::move(constant));
  }
  return Test(*std::move(name), op, std::move(constants));
}

Condition ReadComparison(const json& expression, const MentionNames& names) {
  struct Ops {
    Op as_written;
    Op turned;  // when the constant is on the left
  };
  static const std::map<std::string, Ops> kOps = {
      {"COMPARE_EQUAL", {Op::kEqual, Op::kEqual}},
      {"COMPARE_LESSTHAN", {Op::kLess, Op::kGreater}},
      {"COMPARE_LESSTHANOREQUALTO", {Op::kLessOrEqual, Op::kGreaterOrEqual}},
      {"COMPARE_GREATERTHAN", {Op::kGreater, Op::kLess}},
      {"COMPARE_GREATERTHANOREQUALTO", {Op::kGreaterOrEqual, Op::kLessOrEqual}},
  };
  const auto op = kOps.find(Text(expression, "type"));
  if (op == kOps.end()) return {};
  const json& left = Member(expression, "left");
  const json& right = Member(expression, "right");
  if (ReadColumn(left, names)) return TestOf(left, op->second.as_written, {&right}, names);
  return TestOf(right, op->second.turned, {&left}, names);
}

Condition ReadOperator(const json& expression, const MentionNames& names) {
  const std::string type = Text(expression, "type");
  const json& children = Member(expression, "children");
  if (!children.is_array() || children.empty()) return {};
  if (type == "OPERATOR_IS_NOT_NULL") return TestOf(children[0], Op::kNotNull, {}, names);
  // Where the mention is joined, a row that is left out may let one of nulls in.
  if (type == "OPERATOR_IS_NULL" && names.alone) return TestOf(children[0], Op::kIsNull, {}, names);
  if (type != "COMPARE_IN") return {};
  std::vector<const json*> operands;
  for (size_t i = 1; i < children.size(); ++i) operands.push_back(&children[i]);
  return TestOf(children[0], Op::kIn, operands, names);
}

Condition ReadConjunction(const json& expression, const MentionNames& names) {
  Condition condition;
  const std::string type = Text(expression, "type");
  if (type == "CONJUNCTION_AND") condition.kind = Condition::Kind::kAnd;
  if (type == "CONJUNCTION_OR") condition.kind = Condition::Kind::kOr;
  if (condition.kind == Condition::Kind::kTrue) return {};
  for (const json& child : Member(expression, "children")) condition.children.push_back(ReadCondition(child, names));
  return condition;
}

}  // namespace

Condition ReadCondition(const json& expression, const MentionNames& names) {
  const std::string kind = Text(expression, "class");
  if (kind == "CONJUNCTION") return ReadConjunction(expression, names);
  if (kind == "COMPARISON") return ReadComparison(expression, names);
  if (kind == "OPERATOR") return ReadOperator(expression, names);
  if (kind == "BETWEEN" && Text(expression, "type") == "COMPARE_BETWEEN") {
    return TestOf(Member(expression, "input"), Op::kBetween,
                  {&Member(expression, "lower"), &Member(expression, "upper")}, names);
  }
  return {};
}

}  // namespace k2i::query
