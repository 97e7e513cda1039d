// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "iceberg/model/schema.h"
#include "query/predicate.h"
#include "query/statement.h"

namespace k2i::query {

/// What the rows of a table must meet to have a part in the answer, whichever mention of it they come by: the
/// conditions of the statement, as far as they can be said exactly in the columns' own types.
Predicate FilterOf(const Statement& statement, size_t table, const iceberg::Schema& schema,
                   const std::vector<std::shared_ptr<arrow::Scalar>>& parameters);

}  // namespace k2i::query
