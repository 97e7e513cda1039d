// SPDX-License-Identifier: Apache-2.0
#include "server/flight/flight_server.h"

#include <arrow/flight/server.h>
#include <fmt/format.h>

#include "base/logging.h"
#include "server/flight/dispatcher.h"

namespace k2i::server::flight {
namespace {

/// As a URI wants it: IPv6 in brackets.
std::string Host(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

Status Listen(const std::string& address, int port, Dispatcher& dispatcher) {
  const auto location = arrow::flight::Location::ForGrpcTcp(Host(address), port);
  arrow::Status status = location.status();
  if (status.ok()) status = dispatcher.Init(arrow::flight::FlightServerOptions(*location));
  if (status.ok()) return {};
  return Fail(ErrorCode::kInvalidConfig,
              fmt::format("server.flight_port: cannot listen on {}:{}; is another process using the port? ({})",
                          address, port, status.message()),
              Component::kConfig);
}

}  // namespace

FlightServer::FlightServer(std::unique_ptr<Dispatcher> dispatcher, Duration shutdown_grace)
    : dispatcher_(std::move(dispatcher)), shutdown_grace_(shutdown_grace) {}

Result<std::unique_ptr<FlightServer>> FlightServer::Start(const std::string& address, int port, query::Service& service,
                                                          const FlightOptions& options) {
  auto dispatcher = std::make_unique<Dispatcher>(service, options);
  K2I_RETURN_IF_ERROR(Listen(address, port, *dispatcher));
  return std::unique_ptr<FlightServer>(new FlightServer(std::move(dispatcher), options.shutdown_grace));
}

FlightServer::~FlightServer() {
  dispatcher_->StopStreams();
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(shutdown_grace_);
  const arrow::Status status = dispatcher_->Shutdown(&deadline);
  if (!status.ok()) log::Warn("flight.shutdown_failed", {{"error", status.ToString()}});
}

int FlightServer::port() const { return dispatcher_->port(); }

}  // namespace k2i::server::flight
