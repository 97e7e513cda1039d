// SPDX-License-Identifier: Apache-2.0
//
// Conditions on columns, taken from a statement, and what they say of rows known only by their bounds. They leave out
// what cannot match and nothing else: DuckDB tests every row that is read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceberg/model/literal.h"
#include "iceberg/model/type.h"

namespace k2i::query {

/// What is known of a column's values in some rows (a file, a row group, a slice, a partition). The bounds are not of
/// nulls and NaNs, and may be wider than the values.
struct ColumnBounds {
  std::optional<iceberg::Literal> lower;
  std::optional<iceberg::Literal> upper;
  bool may_have_null = true;
  bool may_have_nan = true;
  bool may_have_value = true;  // one that is not null
};

/// One condition on one column.
struct ColumnTest {
  enum class Kind { kIn, kRange, kIsNull, kNotNull };
  int32_t field_id = 0;
  Kind kind = Kind::kNotNull;
  std::vector<iceberg::Literal> values;  // kIn; of the column's type, none null, none NaN
  std::optional<iceberg::Literal> low;   // kRange; both ends included, wider than what was asked for is fine
  std::optional<iceberg::Literal> high;
};

/// A tree of conditions.
struct Predicate {
  enum class Kind { kTrue, kTest, kAnd, kOr };
  Kind kind = Kind::kTrue;
  ColumnTest test;
  std::vector<Predicate> children;

  static Predicate And(std::vector<Predicate> children);
  static Predicate Or(std::vector<Predicate> children);
  static Predicate Test(ColumnTest test) { return {Kind::kTest, std::move(test), {}}; }
};

/// What is known of a field; nullopt: nothing.
using BoundsOf = std::function<std::optional<ColumnBounds>(int32_t field_id)>;

/// False only when no row within the bounds meets the predicate.
bool MayMatch(const Predicate& predicate, const BoundsOf& bounds);
bool MayMatch(const ColumnTest& test, const ColumnBounds& bounds);

/// The order of two values of one type, none null: <0, 0, >0. nullopt for values of different kinds, and NaN.
std::optional<int> Compare(const iceberg::Literal& a, const iceberg::Literal& b);

}  // namespace k2i::query
