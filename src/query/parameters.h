// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "query/duck.h"

namespace k2i::query {

/// Gives a statement its parameters, in order. InvalidArgument when their number differs or a value is of a type that
/// no parameter takes (nested ones).
Status BindParameters(duckdb_prepared_statement prepared, const std::vector<std::shared_ptr<arrow::Scalar>>& values);
/// A scalar as DuckDB's value; null: NULL.
Result<DuckValue> ToDuckValue(const arrow::Scalar* scalar);

}  // namespace k2i::query
