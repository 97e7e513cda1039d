// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/http_message.h"

namespace k2i::server {

struct Route {
  std::string method;  // "GET", which serves HEAD too, or "POST"
  std::string path;    // "/api/v1/tables/{table}": {…} is one segment, never empty
  HttpHandler handler;
};

/// Which handler a request is for. Immutable.
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    const HttpHandler* handler = nullptr;
    std::vector<std::string> path_parameters;
    HttpAnswer refusal;  // where `handler` is null: 400, 404, or 405 with Allow; 204 with Allow for OPTIONS
  };
  /// `path` as it was sent, without the query. The first route of several that fit.
  Match Find(std::string_view method, std::string_view path) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
  };
  std::vector<Entry> entries_;
};

}  // namespace k2i::server
