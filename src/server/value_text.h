// SPDX-License-Identifier: Apache-2.0
//
// Values of Arrow arrays as text, the same in JSON and in CSV; docs/api.md, "Values", is the promise.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace k2i::server {

/// The name of a type as Iceberg's spec writes it ("long", "timestamptz", "list<decimal(9, 2)>"); Arrow's own for types
/// that Iceberg lacks ("uint64").
std::string TypeName(const arrow::DataType& type);

enum class ValueForm {
  kLiteral,  // a number or a boolean: stands in JSON as it is
  kText,     // ASCII without quotes or backslashes: stands in JSON between quotes
  kString,   // any text
  kNested,   // list, map, struct: nothing was appended
};

/// Appends the value at `row`, which is not null.
ValueForm AppendValue(const arrow::Array& array, int64_t row, std::string* out);

/// `array` without dictionaries, unions and extensions round the value at `*row`, which is adapted.
const arrow::Array& Unwrap(const arrow::Array& array, int64_t* row);

}  // namespace k2i::server
