// SPDX-License-Identifier: Apache-2.0
#include "datafile/row_keys.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cmath>
#include <limits>

namespace k2i::datafile {
namespace {

template <typename T>
void Append(std::string& key, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
  }
  key.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <typename Array>
void AppendValue(std::string& key, const arrow::Array& array, int64_t row) {
  Append(key, static_cast<const Array&>(array).Value(row));
}

void AppendText(std::string& key, std::string_view text) {
  Append(key, text.size());
  key += text;
}

bool IsFixedWidth(const arrow::DataType& type) {
  return arrow::is_primitive(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY ||
         type.id() == arrow::Type::DECIMAL128;
}

bool IsKnown(const arrow::DataType& type) {
  return IsFixedWidth(type) || type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY;
}

/// The bytes of a value whose type has a width in whole bytes.
std::string_view FixedBytes(const arrow::Array& array, int64_t row) {
  const int64_t width = array.type()->bit_width() / 8;
  return {reinterpret_cast<const char*>(array.data()->buffers[1]->data()) + (array.offset() + row) * width,
          static_cast<size_t>(width)};
}

void AppendColumn(std::string& key, const arrow::Array& array, int64_t row) {
  const bool null = array.IsNull(row);
  key += null ? '\0' : '\1';
  if (null) return;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return AppendValue<arrow::BooleanArray>(key, array, row);
    case arrow::Type::FLOAT:
      return AppendValue<arrow::FloatArray>(key, array, row);
    case arrow::Type::DOUBLE:
      return AppendValue<arrow::DoubleArray>(key, array, row);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AppendText(key, static_cast<const arrow::BinaryArray&>(array).GetView(row));
    default:
      key += FixedBytes(array, row);
  }
}

}  // namespace

Result<RowKeys> RowKeys::Make(const arrow::RecordBatch& rows, std::span<const int> columns) {
  RowKeys keys;
  for (const int column : columns) {
    const arrow::Array& array = *rows.column(column);
    if (!IsKnown(*array.type())) {
      return Fail(ErrorCode::kNotSupported, "rows are compared by column " + rows.schema()->field(column)->name() +
                                                ", which is " + array.type()->ToString());
    }
    keys.columns_.push_back(&array);
  }
  return keys;
}

void RowKeys::Write(int64_t row, std::string& key) const {
  key.clear();
  for (const arrow::Array* column : columns_) AppendColumn(key, *column, row);
}

}  // namespace k2i::datafile
