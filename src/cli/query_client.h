// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/http.h"
#include "query/service.h"

namespace k2i::cli {

/// What `k2i query` asks.
struct QueryQuestion {
  std::string sql;
  std::vector<std::string> parameters;  // each a JSON scalar, or else a string as it is
  std::vector<std::string> wait_for;    // each "topic:partition:offset"
  int64_t timeout_ms = 0;               // 0: the server's
  int64_t max_rows = 0;                 // 0: the server's
  std::string accept;                   // media type
};

/// The body of POST /api/v1/query. InvalidArgument.
Result<std::string> QuestionJson(const QueryQuestion& question);

struct ServerAnswer {
  bool reached = false;      // false: nobody listens at the address
  Result<std::string> body;  // of the answer; the errors that the server names; Corruption: not K2I's answer
};
ServerAnswer AskServer(net::HttpTransport& http, const std::string& url, const QueryQuestion& question);
/// The body of a service in this process.
Result<std::string> AskService(query::Service& service, const QueryQuestion& question);

}  // namespace k2i::cli
