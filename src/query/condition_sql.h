// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "iceberg/model/schema.h"
#include "query/condition.h"

namespace k2i::query {

enum class SqlDialect { kSpark, kTrino };

/// The condition as it stands behind WHERE in another engine's SQL. Names and constants are quoted, and each constant
/// is of its column's own type, so that no engine converts the column and then cannot choose files by it. Where a
/// constant has no exact value in that type the test is wider, as K2I's own is. InvalidArgument for a column that is
/// not in `schema`, a constant that cannot be compared with it, and a condition that is no test of columns.
Result<std::string> ConditionSql(const Condition& condition, const iceberg::Schema& schema, SqlDialect dialect);

}  // namespace k2i::query
