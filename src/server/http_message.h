// SPDX-License-Identifier: Apache-2.0
//
// What handlers see of HTTP, whatever carries it.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace k2i::server {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;                          // "GET" for HEAD too
  std::vector<std::string> path_parameters;    // what the {…} of the route stand for, decoded, UTF-8
  NamedValues query;                           // decoded, in the order sent; values may be any bytes
  std::map<std::string, std::string> headers;  // names in lower case; of a repeated one, all values with ", " between
  std::string body;
  /// Asked to stop when the client has hung up or the server stops: nobody reads the answer then.
  std::stop_token gone;

  /// The header, or "".
  std::string_view Header(const std::string& lower_case_name) const;
};

/// Takes a body piece by piece.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Sends at once. False: the client does not take it; there is no use in going on.
  virtual bool Write(std::string_view piece) = 0;
};

/// Writes the rest of a body. False: it is not complete, and the connection is cut so that it does not look so.
using BodyStream = std::function<bool(BodyWriter& out)>;

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  NamedValues headers;  // besides those of HTTP itself; without line breaks
  BodyStream stream;    // goes on where `body` ends; null: `body` is all
};

/// Called on one of the server's threads; must be thread-safe. What it throws is an answer of status 500.
using HttpHandler = std::function<HttpAnswer(const HttpRequest& request)>;

/// {"error":{"code","message"}}
HttpAnswer ErrorAnswer(int status, std::string_view code, std::string_view message);
/// With the status that fits the code; see docs/api.md, "Errors".
HttpAnswer ErrorAnswer(const Error& error);

}  // namespace k2i::server
