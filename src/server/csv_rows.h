// SPDX-License-Identifier: Apache-2.0
//
// RFC 4180: lines end with CRLF. Null is an empty field, the empty string is "".
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace k2i::server {

void AppendCsvHeader(const arrow::Schema& schema, std::string* out);
/// Lists, maps and structs are JSON texts.
void AppendCsvRow(const arrow::RecordBatch& batch, int64_t row, std::string* out);

}  // namespace k2i::server
