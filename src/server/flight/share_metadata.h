// SPDX-License-Identifier: Apache-2.0
//
// query::Share as it travels, in the metadata of a stream's schema:
// {"table_uuid":"…","schema_id":0,"committed":{"events":{"0":100}},"ranges":{"events":{"0":[100,123]}},
//  "rows":{"events":{"0":23}},"not_held":{"events":[3]}}
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

std::string ToJson(const query::Share& share);

/// Corruption for what is not of that shape; members that are not known are passed over.
Result<query::Share> ParseShare(std::string_view json);

}  // namespace k2i::server::flight
