// SPDX-License-Identifier: Apache-2.0
#include "verify/column_sums.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>

#include "iceberg/model/decimal.h"

namespace k2i::verify {
namespace {

using iceberg::Decimal128;
using iceberg::NestedField;
using iceberg::Type;
using iceberg::TypeId;

bool IsNumeric(TypeId id) {
  return id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kFloat || id == TypeId::kDouble ||
         id == TypeId::kDecimal;
}

std::vector<NestedField> NumericFields(const std::vector<NestedField>& fields) {
  std::vector<NestedField> kept;
  for (NestedField field : fields) {
    if (field.type->id() == TypeId::kStruct) {
      auto children = NumericFields(field.type->fields());
      if (children.empty()) continue;
      field.type = Type::Struct(std::move(children));
    } else if (!IsNumeric(field.type->id())) {
      continue;
    }
    kept.push_back(std::move(field));
  }
  return kept;
}

/// Calls `add(value)` for each value that is not null.
template <typename Array, typename Add>
void ForEachValue(const arrow::Array& array, Add add) {
  const auto& values = static_cast<const Array&>(array);
  for (int64_t i = 0; i < values.length(); ++i) {
    if (!values.IsNull(i)) add(values.Value(i));
  }
}

}  // namespace

ColumnSums::ColumnSums(const iceberg::Schema& schema)
    : columns_{.schema_id = schema.schema_id, .type = Type::Struct(NumericFields(schema.fields()))},
      leaves_(datafile::LeafColumns(columns_)),
      totals_(leaves_.size()) {}

void ColumnSums::AddReal(double value, Total& total) {
  const double sum = total.real + value;
  if (std::isfinite(sum)) {
    total.lost += std::abs(total.real) >= std::abs(value) ? (total.real - sum) + value : (value - sum) + total.real;
  }
  total.real = sum;
}

Status ColumnSums::Add(const arrow::RecordBatch& rows, arrow::MemoryPool* pool) {
  for (size_t i = 0; i < leaves_.size(); ++i) {
    K2I_ASSIGN_OR_RETURN(const auto values, datafile::LeafValues(rows, leaves_[i], pool));
    Total& total = totals_[i];
    total.count += values->length() - values->null_count();
    const auto add = [&](Decimal128::Rep value) {
      total.overflow |= __builtin_add_overflow(total.integer, value, &total.integer);
    };
    switch (leaves_[i].type->id()) {
      case TypeId::kInt:
        ForEachValue<arrow::Int32Array>(*values, add);
        break;
      case TypeId::kLong:
        ForEachValue<arrow::Int64Array>(*values, add);
        break;
      case TypeId::kFloat:
        ForEachValue<arrow::FloatArray>(*values, [&](double value) { AddReal(value, total); });
        break;
      case TypeId::kDouble:
        ForEachValue<arrow::DoubleArray>(*values, [&](double value) { AddReal(value, total); });
        break;
      default:  // decimals
        ForEachValue<arrow::Decimal128Array>(*values, [&](const uint8_t* bytes) {
          const arrow::Decimal128 value(bytes);
          add((static_cast<Decimal128::Rep>(value.high_bits()) << 64) | value.low_bits());
        });
    }
  }
  return {};
}

std::vector<ColumnSum> ColumnSums::Result() const {
  std::vector<ColumnSum> sums;
  for (size_t i = 0; i < leaves_.size(); ++i) {
    const Total& total = totals_[i];
    const Type& type = *leaves_[i].type;
    ColumnSum& sum = sums.emplace_back(leaves_[i].name, type.ToString(), total.count, "");
    if (type.id() == TypeId::kFloat || type.id() == TypeId::kDouble) {
      sum.sum = fmt::format("{}", total.real + total.lost);
    } else if (!total.overflow) {
      sum.sum = iceberg::DecimalToPlainText({total.integer}, type.id() == TypeId::kDecimal ? type.scale() : 0);
    }
  }
  return sums;
}

}  // namespace k2i::verify
