// SPDX-License-Identifier: Apache-2.0
#include "query/table_filter.h"

namespace k2i::query {

Predicate FilterOf(const Statement&, size_t, const iceberg::Schema&,
                   const std::vector<std::shared_ptr<arrow::Scalar>>&) {
  return {};
}

}  // namespace k2i::query
