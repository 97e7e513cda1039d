// SPDX-License-Identifier: Apache-2.0
//
// What a statement's ticket holds. The SQL itself is in it, so that between GetFlightInfo and DoGet the server keeps
// nothing and may even be started anew; only prepared statements live in the server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::server::flight {

struct StatementHandle {
  std::string id;        // names the query to CancelFlightInfo and CancelQuery
  std::string sql;       // "": that of the prepared statement
  std::string prepared;  // handle of the prepared statement; "": none
  // Headers of the GetFlightInfo call, which those of the DoGet call beat (call_headers.h).
  std::string wait_for;  // JSON; "": none
  int64_t timeout_ms = 0;
};

std::string Encode(const StatementHandle& handle);
/// InvalidArgument for bytes that are none.
Result<StatementHandle> ParseStatementHandle(std::string_view bytes);

/// 32 hexadecimal digits that nobody can guess.
std::string RandomId();

}  // namespace k2i::server::flight
