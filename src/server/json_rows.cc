// SPDX-License-Identifier: Apache-2.0
#include "server/json_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <set>

#include "server/json_text.h"
#include "server/value_text.h"

namespace k2i::server {
namespace {

using arrow::Type;

/// [begin, end) of `values` between brackets.
void AppendList(const arrow::Array& values, int64_t begin, int64_t end, std::string* out) {
  *out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) *out += ',';
    AppendJsonValue(values, i, out);
  }
  *out += ']';
}

template <typename ListArray>
void AppendListAt(const arrow::Array& array, int64_t row, std::string* out) {
  const auto& list = static_cast<const ListArray&>(array);
  AppendList(*list.values(), list.value_offset(row), list.value_offset(row) + list.value_length(row), out);
}

void AppendMap(const arrow::MapArray& map, int64_t row, std::string* out) {
  *out += '[';
  const int64_t begin = map.value_offset(row), end = begin + map.value_length(row);
  for (int64_t i = begin; i < end; ++i) {
    *out += i > begin ? ",{\"key\":" : "{\"key\":";
    AppendJsonValue(*map.keys(), i, out);
    *out += ",\"value\":";
    AppendJsonValue(*map.items(), i, out);
    *out += '}';
  }
  *out += ']';
}

void AppendStruct(const arrow::StructArray& array, int64_t row, std::string* out) {
  *out += '{';
  for (int i = 0; i < array.num_fields(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(array.struct_type()->field(i)->name(), out);
    *out += ':';
    AppendJsonValue(*array.field(i), row, out);
  }
  *out += '}';
}

void AppendNested(const arrow::Array& array, int64_t row, std::string* out) {
  switch (array.type_id()) {
    case Type::LIST:
      return AppendListAt<arrow::ListArray>(array, row, out);
    case Type::LARGE_LIST:
      return AppendListAt<arrow::LargeListArray>(array, row, out);
    case Type::FIXED_SIZE_LIST:
      return AppendListAt<arrow::FixedSizeListArray>(array, row, out);
    case Type::MAP:
      return AppendMap(static_cast<const arrow::MapArray&>(array), row, out);
    default:
      return AppendStruct(static_cast<const arrow::StructArray&>(array), row, out);
  }
}

}  // namespace

void AppendJsonValue(const arrow::Array& wrapped, int64_t row, std::string* out) {
  if (wrapped.IsNull(row)) {
    *out += "null";
    return;
  }
  const arrow::Array& array = Unwrap(wrapped, &row);
  if (&array != &wrapped && array.IsNull(row)) {
    *out += "null";
    return;
  }
  const size_t begin = out->size();
  switch (AppendValue(array, row, out)) {
    case ValueForm::kLiteral:
      return;
    case ValueForm::kText:
      out->insert(begin, 1, '"');
      *out += '"';
      return;
    case ValueForm::kString: {
      const std::string text = out->substr(begin);
      out->resize(begin);
      AppendJsonString(text, out);
      return;
    }
    case ValueForm::kNested:
      AppendNested(array, row, out);
  }
}

void AppendJsonColumns(const arrow::Schema& schema, std::string* out) {
  *out += '[';
  for (const auto& field : schema.fields()) {
    if (out->back() != '[') *out += ',';
    *out += "{\"name\":";
    AppendJsonString(field->name(), out);
    *out += ",\"type\":";
    AppendJsonString(TypeName(*field->type()), out);
    *out += '}';
  }
  *out += ']';
}

void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string* out) {
  *out += '[';
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonValue(*batch.column(i), row, out);
  }
  *out += ']';
}

JsonObjects::JsonObjects(const arrow::Schema& schema) {
  std::set<std::string> taken;
  for (const auto& field : schema.fields()) {
    std::string name = field->name();
    for (int i = 1; !taken.insert(name).second; ++i) name = field->name() + ":" + std::to_string(i);
    std::string& text = names_.emplace_back();
    AppendJsonString(name, &text);
    text += ':';
  }
}

void JsonObjects::Append(const arrow::RecordBatch& batch, int64_t row, std::string* out) const {
  *out += '{';
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) *out += ',';
    *out += names_[static_cast<size_t>(i)];
    AppendJsonValue(*batch.column(i), row, out);
  }
  *out += '}';
}

}  // namespace k2i::server
