// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "iceberg/model/literal.h"

namespace k2i::datafile {

/// `length` times `value`, as a column of `type` (ToArrowType of the value's). InvalidArgument where they do not fit.
Result<std::shared_ptr<arrow::Array>> ConstantColumn(const iceberg::Literal& value,
                                                     const std::shared_ptr<arrow::DataType>& type, int64_t length,
                                                     arrow::MemoryPool* pool);

}  // namespace k2i::datafile
