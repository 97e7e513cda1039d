// SPDX-License-Identifier: Apache-2.0
//
// Updates and requirements as the REST catalog protocol carries them (OpenAPI: TableUpdate, TableRequirement).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "iceberg/update/table_update.h"

namespace k2i::iceberg {

/// {"action": "add-snapshot", …}
nlohmann::json TableUpdateToJson(const TableUpdate& update);
/// {"type": "assert-ref-snapshot-id", …}
nlohmann::json TableRequirementToJson(const TableRequirement& requirement);

}  // namespace k2i::iceberg
