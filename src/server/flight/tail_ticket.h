// SPDX-License-Identifier: Apache-2.0
//
// The ticket of plain Flight, which clients may write themselves:
// {"table":"lake.events","from":{"events":{"0":123}},"follow":false}
// With "share":true, and then perhaps "without":{"events":[1]}, "key_hex":"6b" or "position":{"events":{"0":123}}, it
// is what a process of a group asks another for (query/service.h, TailRequest::share).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

/// Whether a ticket or a command is of this kind: Flight SQL's never begin with a brace.
bool IsTailTicket(std::string_view bytes);

/// InvalidArgument for what is not of that shape; members besides "table" may be left out, others are refused.
Result<query::TailRequest> ParseTailTicket(std::string_view json);

std::string ToJson(const query::TailRequest& request);

}  // namespace k2i::server::flight
