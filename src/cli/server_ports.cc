// SPDX-License-Identifier: Apache-2.0
#include "cli/server_ports.h"

#include "base/clock.h"
#include "base/logging.h"
#include "cli/version.h"
#include "server/flight/flight_server.h"
#include "server/monitoring.h"
#include "server/query_api.h"

namespace k2i::cli {
namespace {

/// The stream as the servers want to see it.
class StreamPorts final : public server::HealthPort, public server::MetricsPort {
 public:
  explicit StreamPorts(const ServedStream& stream) : stream_(stream) {}

  std::map<std::string, server::ComponentReport> Components() override {
    std::map<std::string, server::ComponentReport> components;
    for (const auto& [name, message] : stream_.health.Report()) {
      components[name] = message ? server::ComponentReport{server::HealthState::kDegraded, *message}
                                 : server::ComponentReport{server::HealthState::kHealthy, ""};
    }
    return components;
  }

  std::optional<std::string> NotReady() override {
    const auto report = stream_.health.Report();
    for (const char* component : {"catalog", "schema"}) {
      if (const auto& message = report.at(component)) return std::string(component) + ": " + *message;
    }
    if (!stream_.pipeline.ready()) return "no partitions are assigned yet";
    return std::nullopt;
  }

  std::string StatusJson() override { return ingest::StatusJson(stream_.status.Get()); }
  std::string MaintenanceJson() override {
    return stream_.upkeep == nullptr ? R"({"held":null,"tasks":[]})" : maintenance::StatusJson(*stream_.upkeep);
  }
  std::string Version() override { return kVersion; }
  double UptimeSeconds() override { return std::chrono::duration<double>(clock_.monotonic() - started_).count(); }
  std::string Render() override { return stream_.registry.Render(); }

 private:
  const ServedStream stream_;
  SystemClock clock_;
  const Duration started_ = clock_.monotonic();
};

struct RunningServer final : StreamServer {
  explicit RunningServer(const ServedStream& stream) : ports(stream) {}
  StreamPorts ports;
  std::unique_ptr<server::HttpServer> health;
  std::unique_ptr<server::HttpServer> metrics;
  std::unique_ptr<server::flight::FlightServer> flight;
};

}  // namespace

Result<std::unique_ptr<StreamServer>> ServeStream(const config::ServerConfig& config, const ServedStream& stream,
                                                  query::Service* queries) {
  if (!config.enabled) return nullptr;
  auto running = std::make_unique<RunningServer>(stream);
  K2I_ASSIGN_OR_RETURN(running->metrics,
                       server::ServeMetrics(config.bind, static_cast<int>(config.metrics_port), running->ports));
  if (queries != nullptr && config.flight_port >= 0) {
    K2I_ASSIGN_OR_RETURN(running->flight,
                         server::flight::FlightServer::Start(config.bind, static_cast<int>(config.flight_port),
                                                             *queries, {.version = kVersion}));
  }
  // Last: who is told that we are alive finds the other ports open.
  const int port = static_cast<int>(config.health_port);
  K2I_ASSIGN_OR_RETURN(running->health, queries == nullptr
                                            ? server::ServeHealth(config.bind, port, running->ports)
                                            : server::ServeQueries(config.bind, port, running->ports, *queries));
  log::Info("listening", {{"bind", config.bind},
                          {"health_port", running->health->port()},
                          {"metrics_port", running->metrics->port()},
                          {"flight_port", running->flight == nullptr ? -1 : running->flight->port()}});
  return running;
}

}  // namespace k2i::cli
