// SPDX-License-Identifier: Apache-2.0
#include "server/monitoring.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace k2i::server {
namespace {

using nlohmann::ordered_json;

/// Messages may carry bytes that are not UTF-8.
HttpAnswer HealthAnswer(HealthPort& health) {
  const auto components = health.Components();
  const HealthState overall = Overall(components);
  ordered_json body{
      {"status", ToString(overall)}, {"version", health.Version()}, {"uptime_seconds", health.UptimeSeconds()}};
  for (const auto& [name, component] : components) {
    ordered_json& entry = body["components"][name];
    entry["status"] = ToString(component.state);
    if (!component.message.empty()) entry["message"] = component.message;
  }
  return {.status = overall == HealthState::kUnhealthy ? 503 : 200, .body = OrderedJsonText(body)};
}

HttpAnswer ReadyAnswer(HealthPort& health) {
  const auto why_not = health.NotReady();
  if (!why_not) return {.body = R"({"ready":true})"};
  return {.status = 503, .body = OrderedJsonText({{"ready", false}, {"reason", *why_not}})};
}

}  // namespace

std::string_view ToString(HealthState state) {
  switch (state) {
    case HealthState::kHealthy:
      return "healthy";
    case HealthState::kDegraded:
      return "degraded";
    case HealthState::kUnhealthy:
      return "unhealthy";
    case HealthState::kUnknown:
      return "unknown";
  }
  return "unknown";
}

HealthState Overall(const std::map<std::string, ComponentReport>& components) {
  for (const HealthState state : {HealthState::kUnhealthy, HealthState::kDegraded, HealthState::kUnknown}) {
    for (const auto& [name, component] : components) {
      if (component.state == state) return state;
    }
  }
  return HealthState::kHealthy;
}

std::vector<Route> HealthRoutes(HealthPort& health) {
  const auto json = [](std::string body) { return HttpAnswer{.body = std::move(body)}; };
  return {
      {"GET", "/health", [&health](const HttpRequest&) { return HealthAnswer(health); }},
      {"GET", "/healthz", [json](const HttpRequest&) { return json(R"({"alive":true})"); }},
      {"GET", "/readyz", [&health](const HttpRequest&) { return ReadyAnswer(health); }},
      {"GET", "/api/v1/status", [&health, json](const HttpRequest&) { return json(health.StatusJson()); }},
      {"GET", "/api/v1/maintenance", [&health, json](const HttpRequest&) { return json(health.MaintenanceJson()); }}};
}

Result<std::unique_ptr<HttpServer>> ServeHealth(const std::string& address, int port, HealthPort& health) {
  return HttpServer::Start("server.health_port", address, port, HealthRoutes(health));
}

Result<std::unique_ptr<HttpServer>> ServeMetrics(const std::string& address, int port, MetricsPort& metrics) {
  return HttpServer::Start("server.metrics_port", address, port,
                           {{"GET", "/metrics", [&metrics](const HttpRequest&) {
                               return HttpAnswer{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                                                 .body = metrics.Render()};
                             }}});
}

}  // namespace k2i::server
