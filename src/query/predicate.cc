// SPDX-License-Identifier: Apache-2.0
#include "query/predicate.h"

#include <algorithm>
#include <cmath>
#include <compare>

namespace k2i::query {

using iceberg::Literal;

Predicate Predicate::And(std::vector<Predicate> children) {
  std::erase_if(children, [](const Predicate& child) { return child.kind == Kind::kTrue; });
  if (children.empty()) return {};
  if (children.size() == 1) return std::move(children[0]);
  return {Kind::kAnd, {}, std::move(children)};
}

Predicate Predicate::Or(std::vector<Predicate> children) {
  const bool any = std::ranges::any_of(children, [](const Predicate& child) { return child.kind == Kind::kTrue; });
  if (any || children.empty()) return {};
  if (children.size() == 1) return std::move(children[0]);
  return {Kind::kOr, {}, std::move(children)};
}

std::optional<int> Compare(const Literal& a, const Literal& b) {
  if (a.index() != b.index() || iceberg::is_null(a)) return std::nullopt;
  return std::visit(
      [&]<typename T>(const T& left) -> std::optional<int> {
        const auto order = left <=> std::get<T>(b);
        if (order < 0) return -1;
        if (order > 0) return 1;
        if (order == 0) return 0;
        return std::nullopt;  // NaN
      },
      a);
}

namespace {

/// False only when `value` lies surely outside of the bounds.
bool MayHold(const Literal& value, const ColumnBounds& bounds) {
  if (bounds.lower && Compare(value, *bounds.lower).value_or(0) < 0) return false;
  return !(bounds.upper && Compare(value, *bounds.upper).value_or(0) > 0);
}

bool MayBeInRange(const ColumnTest& test, const ColumnBounds& bounds) {
  // DuckDB takes NaN for greater than every number: it lies in every range that is open above.
  if (!test.high && bounds.may_have_nan) return true;
  if (test.low && bounds.upper && Compare(*bounds.upper, *test.low).value_or(0) < 0) return false;
  return !(test.high && bounds.lower && Compare(*bounds.lower, *test.high).value_or(0) > 0);
}

}  // namespace

bool MayMatch(const ColumnTest& test, const ColumnBounds& bounds) {
  if (test.kind == ColumnTest::Kind::kIsNull) return bounds.may_have_null;
  if (!bounds.may_have_value) return false;
  switch (test.kind) {
    case ColumnTest::Kind::kIn:
      return std::ranges::any_of(test.values, [&](const Literal& value) { return MayHold(value, bounds); });
    case ColumnTest::Kind::kRange:
      return MayBeInRange(test, bounds);
    default:
      return true;
  }
}

bool MayMatch(const Predicate& predicate, const BoundsOf& bounds) {
  const auto may = [&](const Predicate& child) { return MayMatch(child, bounds); };
  switch (predicate.kind) {
    case Predicate::Kind::kTrue:
      return true;
    case Predicate::Kind::kAnd:
      return std::ranges::all_of(predicate.children, may);
    case Predicate::Kind::kOr:
      return std::ranges::any_of(predicate.children, may);
    case Predicate::Kind::kTest:
      break;
  }
  const auto known = bounds(predicate.test.field_id);
  return !known || MayMatch(predicate.test, *known);
}

}  // namespace k2i::query
