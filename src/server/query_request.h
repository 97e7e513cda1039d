// SPDX-License-Identifier: Apache-2.0
//
// Requests of the API as query::Service takes them. All errors are InvalidArgument and name the member or parameter; an
// unknown one also the nearest there is.
#pragma once

#include <string>
#include <string_view>

#include "query/service.h"
#include "server/http_message.h"

namespace k2i::server {

/// The body of POST /api/v1/query.
Result<query::SqlRequest> ParseSqlRequest(std::string_view body);
/// The parameters of …/lookup: key, or topic, partition and offset; all, hot_only, wait_for, timeout_ms.
Result<query::LookupRequest> ParseLookup(std::string table, const NamedValues& parameters);
/// The parameters of …/tail: from, follow.
Result<query::TailRequest> ParseTail(std::string table, const NamedValues& parameters);

/// "events:0:123,events:1:45"
Result<OffsetVector> ParsePositions(std::string_view text);

}  // namespace k2i::server
