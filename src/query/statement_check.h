// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "query/statement.h"

namespace k2i::query {

/// The tables that a SELECT statement, in DuckDB's JSON, mentions. InvalidArgument when it reads anything else: what is
/// not known to be harmless is refused.
Result<std::vector<Mention>> CheckStatement(const nlohmann::json& statement, const TableNames& tables);

/// Whether a scalar, aggregate or window function may be called. `name` in lower case.
bool IsAllowedFunction(std::string_view name);
/// The same of functions that give rows.
bool IsAllowedTableFunction(std::string_view name);

}  // namespace k2i::query
