// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/error.h"
#include "iceberg/model/schema.h"

namespace k2i::ingest {

/// Rows of record::DeadLetterSchema with the columns of `table`, by name and in its order; those they lack are null.
/// ResourceExhausted: out of memory.
Result<std::shared_ptr<arrow::RecordBatch>> FitLetters(const arrow::RecordBatch& rows, const iceberg::Schema& table,
                                                       arrow::MemoryPool& pool);

}  // namespace k2i::ingest
