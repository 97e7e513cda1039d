// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "iceberg/model/literal.h"

namespace k2i::query {

/// A constant of a statement, as written: the value, and the type it is cast to where it is.
struct Constant {
  struct Parameter {
    std::string identifier;  // "1" or a name
  };
  struct Number {
    iceberg::Decimal128 unscaled;
    int scale = 0;
  };
  std::variant<bool, Number, double, std::string, Parameter> value;
  std::string cast;  // "DATE", "TIMESTAMP", …; "": as it is
};

/// What a WHERE clause asks of one mention of a table: a tree of `column operator constant`. Anything else is kTrue.
struct Condition {
  enum class Kind { kTrue, kAnd, kOr, kTest };
  enum class Op { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kIn, kBetween, kIsNull, kNotNull };
  Kind kind = Kind::kTrue;
  std::vector<Condition> children;
  std::string column;  // kTest
  Op op = Op::kEqual;
  std::vector<Constant> constants;  // two of kBetween, any number of kIn, one else
};

/// How a mention's columns are named where a condition stands.
struct MentionNames {
  std::string database;  // "": the mention has an alias
  std::string table;     // or the alias
  bool alone = false;    // columns without a table's name are its own
};

/// The conditions of a WHERE clause, in DuckDB's JSON, on the columns of one mention.
Condition ReadCondition(const nlohmann::json& expression, const MentionNames& names);

}  // namespace k2i::query
