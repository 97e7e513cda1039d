// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "query/service.h"
#include "server/http_server.h"
#include "server/monitoring.h"

namespace k2i::server {

/// How much is served at once; what comes beyond is answered 503 with Retry-After. Their sum must stay well below
/// HttpLimits::connections, so that health is answered whatever they do.
struct QueryApiLimits {
  size_t queries = 8;
  size_t lookups = 64;
  size_t tails = 32;
  size_t held_bytes = 1 << 20;  // AnswerOptions
};

/// /api/v1/query, /api/v1/tables… and /api/v1/openapi.json; docs/api.md. `service` must outlive the routes.
std::vector<Route> QueryRoutes(query::Service& service, QueryApiLimits limits = {});

/// ServeHealth's routes and these on one port. `health` and `service` must outlive the server.
Result<std::unique_ptr<HttpServer>> ServeQueries(const std::string& address, int port, HealthPort& health,
                                                 query::Service& service, QueryApiLimits limits = {});

/// Answers POST /api/v1/query; for callers in the same process too.
HttpAnswer AnswerQuery(query::Service& service, const HttpRequest& request, std::shared_ptr<void> ticket,
                       size_t held_bytes);

}  // namespace k2i::server
