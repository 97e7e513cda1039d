// SPDX-License-Identifier: Apache-2.0
//
// query::Share as it travels, in the metadata of a stream's schema:
// {"table_uuid":"…","schema_id":0,"committed":{"events":{"0":100}},"ranges":{"events":{"0":[100,123]}},
//  "rows":{"events":{"0":23}},"not_held":{"events":[3]}}
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

std::string ToJson(const query::Share& share);

/// {"events":[3]}; null: none. Corruption for what is not of that shape. `what` names it in the error.
Result<std::vector<TopicPartition>> PartitionsFromJson(const nlohmann::json& topics, const std::string& what);
nlohmann::json ToJson(const std::vector<TopicPartition>& partitions);

/// Corruption for what is not of that shape; members that are not known are passed over.
Result<query::Share> ParseShare(std::string_view json);

}  // namespace k2i::server::flight
