// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace k2i::server::flight {

/// Three rows with a column of every type that a table may have: full, the other extreme, and all null but for "id".
std::shared_ptr<arrow::RecordBatch> EveryType();

/// `rows` rows: "n" counts from 0, "partition" is n % 2, "offset" is n / 2, "text" grows with n.
std::shared_ptr<arrow::RecordBatch> Numbers(int64_t rows);

}  // namespace k2i::server::flight
