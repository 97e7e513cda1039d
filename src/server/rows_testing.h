// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>

namespace k2i::server {

inline std::shared_ptr<arrow::Array> MakeArray(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

/// `json`: [{"id": 1}, …]
inline std::shared_ptr<arrow::RecordBatch> MakeBatch(const std::shared_ptr<arrow::Schema>& schema,
                                                     const std::string& json) {
  const auto rows = MakeArray(arrow::struct_(schema->fields()), json);
  return arrow::RecordBatch::FromStructArray(rows).ValueOrDie()->ReplaceSchema(schema).ValueOrDie();
}

}  // namespace k2i::server
