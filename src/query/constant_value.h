// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <optional>

#include "iceberg/model/type.h"
#include "query/condition.h"

namespace k2i::query {

/// The values of a column's type that may compare equal to a constant, as a range that holds them: both ends are one
/// where the constant has exactly one value of the type.
struct ValueRange {
  iceberg::Literal low;
  iceberg::Literal high;
};

/// nullopt where DuckDB would compare in a way that this does not follow exactly: no conclusion is drawn then. The
/// range is also right for order: what is below the constant is not above `high`, what is above is not below `low`.
std::optional<ValueRange> ToValueRange(const Constant& constant, const iceberg::Type& type);

/// A parameter's value as if it had been written; nullopt for types that are never conditions.
std::optional<Constant> ToConstant(const arrow::Scalar& scalar);

}  // namespace k2i::query
