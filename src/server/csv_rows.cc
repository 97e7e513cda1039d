// SPDX-License-Identifier: Apache-2.0
#include "server/csv_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "server/json_rows.h"
#include "server/value_text.h"

namespace k2i::server {
namespace {

/// Puts what stands from `begin` on between quotes where it has to be.
void QuoteFrom(size_t begin, std::string* out) {
  const bool empty = out->size() == begin;
  if (!empty && out->find_first_of(",\"\r\n", begin) == std::string::npos) return;
  const std::string text = out->substr(begin);
  out->resize(begin);
  *out += '"';
  for (const char c : text) out->append(c == '"' ? 2 : 1, c);
  *out += '"';
}

void AppendField(const arrow::Array& wrapped, int64_t row, std::string* out) {
  if (wrapped.IsNull(row)) return;
  const arrow::Array& array = Unwrap(wrapped, &row);
  if (&array != &wrapped && array.IsNull(row)) return;
  const size_t begin = out->size();
  switch (AppendValue(array, row, out)) {
    case ValueForm::kLiteral:
    case ValueForm::kText:
      if (out->size() == begin) QuoteFrom(begin, out);  // no bytes
      return;
    case ValueForm::kNested:
      AppendJsonValue(array, row, out);
      break;
    case ValueForm::kString:
      break;
  }
  QuoteFrom(begin, out);
}

}  // namespace

void AppendCsvHeader(const arrow::Schema& schema, std::string* out) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (i > 0) *out += ',';
    const size_t begin = out->size();
    *out += schema.field(i)->name();
    QuoteFrom(begin, out);
  }
  *out += "\r\n";
}

void AppendCsvRow(const arrow::RecordBatch& batch, int64_t row, std::string* out) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) *out += ',';
    AppendField(*batch.column(i), row, out);
  }
  *out += "\r\n";
}

}  // namespace k2i::server
