// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace k2i::server {

/// Appends the value at `row` as JSON: structs as objects, lists as arrays, maps as arrays of {"key","value"}.
void AppendJsonValue(const arrow::Array& array, int64_t row, std::string* out);

/// `[{"name":"id","type":"long"}]`
void AppendJsonColumns(const arrow::Schema& schema, std::string* out);

/// "[1,\"a\"]"
void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string* out);

/// Rows as objects: {"id":1,"name":"a"}. Of columns of one name the later ones get ":1", ":2" behind it.
class JsonObjects {
 public:
  explicit JsonObjects(const arrow::Schema& schema);
  void Append(const arrow::RecordBatch& batch, int64_t row, std::string* out) const;

 private:
  std::vector<std::string> names_;  // as JSON strings, with the colon
};

}  // namespace k2i::server
