// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/http_server.h"

namespace k2i::server {

enum class HealthState { kHealthy, kDegraded, kUnhealthy, kUnknown };
std::string_view ToString(HealthState state);

struct ComponentReport {
  HealthState state = HealthState::kUnknown;
  std::string message;  // empty when healthy
};

/// The worst of the components: unhealthy, degraded, unknown, healthy.
HealthState Overall(const std::map<std::string, ComponentReport>& components);

/// What the health server asks. Thread-safe.
class HealthPort {
 public:
  virtual ~HealthPort() = default;
  virtual std::map<std::string, ComponentReport> Components() = 0;
  /// nullopt: ready; otherwise why not.
  virtual std::optional<std::string> NotReady() = 0;
  /// Body of /api/v1/status, JSON.
  virtual std::string StatusJson() = 0;
  /// Body of /api/v1/maintenance, JSON.
  virtual std::string MaintenanceJson() = 0;
  virtual std::string Version() = 0;
  virtual double UptimeSeconds() = 0;
};

/// /health, /healthz, /readyz, /api/v1/status and /api/v1/maintenance (interface.md, "HTTP"). `health` must outlive the
/// routes.
std::vector<Route> HealthRoutes(HealthPort& health);
/// Those alone; with queries it is ServeQueries (query_api.h). `health` must outlive the server.
Result<std::unique_ptr<HttpServer>> ServeHealth(const std::string& address, int port, HealthPort& health);

/// What the metrics server asks. Thread-safe.
class MetricsPort {
 public:
  virtual ~MetricsPort() = default;
  /// Prometheus text exposition format 0.0.4.
  virtual std::string Render() = 0;
};

/// /metrics
Result<std::unique_ptr<HttpServer>> ServeMetrics(const std::string& address, int port, MetricsPort& metrics);

}  // namespace k2i::server
