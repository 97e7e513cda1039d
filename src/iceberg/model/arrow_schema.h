// SPDX-License-Identifier: Apache-2.0
//
// Iceberg types as Arrow types: what decoders build and the Parquet writer takes.
#pragma once

#include <memory>

#include "iceberg/model/schema.h"

namespace arrow {
class DataType;
class Schema;
}  // namespace arrow

namespace k2i::iceberg {

/// int → int32, long → int64, timestamp → timestamp[us], timestamptz → timestamp[us, UTC], *_ns → timestamp[ns],
/// time → time64[us], date → date32, decimal → decimal128, string → utf8, binary → binary, uuid → fixed_size_binary[16]
/// fixed → fixed_size_binary, struct, list, map. Each field carries its field id as metadata "PARQUET:field_id", as
/// parquet-arrow wants it. NotSupported for a type with no Arrow form here (unknown).
Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const Schema& schema);
Result<std::shared_ptr<arrow::DataType>> ToArrowType(const Type& type);

}  // namespace k2i::iceberg
