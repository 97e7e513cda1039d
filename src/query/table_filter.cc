// SPDX-License-Identifier: Apache-2.0
#include "query/table_filter.h"

#include <arrow/scalar.h>

#include <charconv>
#include <set>

#include "base/ascii.h"
#include "query/constant_value.h"

namespace k2i::query {
namespace {

using iceberg::NestedField;
using Scalars = std::vector<std::shared_ptr<arrow::Scalar>>;

/// Reads the conditions of one statement against one schema.
class FilterReader {
 public:
  FilterReader(const iceberg::Schema& schema, const Scalars& parameters) : schema_(schema), parameters_(parameters) {}

  Predicate Read(const Condition& condition) const {
    std::vector<Predicate> children;
    for (const Condition& child : condition.children) children.push_back(Read(child));
    switch (condition.kind) {
      case Condition::Kind::kTrue:
        return {};
      case Condition::Kind::kAnd:
        return Predicate::And(std::move(children));
      case Condition::Kind::kOr:
        return Predicate::Or(std::move(children));
      case Condition::Kind::kTest:
        break;
    }
    const NestedField* column = Find(condition.column);
    return column == nullptr ? Predicate{} : Test(condition, *column);
  }

 private:
  /// The column of that name, unless two differ in case alone: DuckDB sees those under other names.
  const NestedField* Find(const std::string& name) const {
    const NestedField* found = nullptr;
    for (const NestedField& field : schema_.fields()) {
      if (!EqualsIgnoringCase(field.name, name)) continue;
      if (found != nullptr) return nullptr;
      found = &field;
    }
    return found;
  }

  std::optional<ValueRange> Value(const Constant& constant, const iceberg::Type& type) const {
    const auto* parameter = std::get_if<Constant::Parameter>(&constant.value);
    if (parameter == nullptr) return ToValueRange(constant, type);
    size_t number = 0;
    const std::string& text = parameter->identifier;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ptr != text.data() + text.size() || number < 1 || number > parameters_.size()) return std::nullopt;
    if (!constant.cast.empty() || parameters_[number - 1] == nullptr) return std::nullopt;
    const auto value = ToConstant(*parameters_[number - 1]);
    // Unlike a literal, a text that is a parameter does not take the column's type: DuckDB may compare as texts.
    const bool text_for_other = value && std::holds_alternative<std::string>(value->value) && value->cast.empty() &&
                                type.id() != iceberg::TypeId::kString;
    if (text_for_other) return std::nullopt;
    return value ? ToValueRange(*value, type) : std::nullopt;
  }

  Predicate Test(const Condition& condition, const NestedField& column) const {
    using Op = Condition::Op;
    ColumnTest test{.field_id = column.field_id};
    if (condition.op == Op::kIsNull || condition.op == Op::kNotNull) {
      test.kind = condition.op == Op::kIsNull ? ColumnTest::Kind::kIsNull : ColumnTest::Kind::kNotNull;
      return Predicate::Test(std::move(test));
    }
    std::vector<ValueRange> values;
    for (const Constant& constant : condition.constants) {
      const auto value = Value(constant, *column.type);
      if (!value) return {};
      values.push_back(*value);
    }
    if (condition.op == Op::kEqual || condition.op == Op::kIn) return AnyOf(std::move(test), values);
    test.kind = ColumnTest::Kind::kRange;
    const bool up = condition.op == Op::kGreater || condition.op == Op::kGreaterOrEqual;
    if (up || condition.op == Op::kBetween) test.low = values.front().low;
    if (!up) test.high = values.back().high;
    return Predicate::Test(std::move(test));
  }

  static Predicate AnyOf(ColumnTest test, const std::vector<ValueRange>& values) {
    std::vector<Predicate> ranges;
    test.kind = ColumnTest::Kind::kIn;
    for (const ValueRange& value : values) {
      if (value.low == value.high) {
        test.values.push_back(value.low);
      } else {
        ranges.push_back(Predicate::Test(
            {.field_id = test.field_id, .kind = ColumnTest::Kind::kRange, .low = value.low, .high = value.high}));
      }
    }
    if (!test.values.empty()) ranges.push_back(Predicate::Test(std::move(test)));
    return Predicate::Or(std::move(ranges));
  }

  const iceberg::Schema& schema_;
  const Scalars& parameters_;
};

}  // namespace

Predicate FilterOf(const Statement& statement, size_t table, const iceberg::Schema& schema, const Scalars& parameters) {
  const FilterReader reader(schema, parameters);
  std::vector<Predicate> any;
  for (const Mention& mention : statement.mentions) {
    if (mention.table == table) any.push_back(reader.Read(mention.where));
  }
  return Predicate::Or(std::move(any));
}

}  // namespace k2i::query
