// SPDX-License-Identifier: Apache-2.0
//
// server/flight: queries by Arrow Flight SQL (ADBC, JDBC, ODBC drivers), and hot rows by plain Flight (docs/flight.md).
// It knows query::Service and nothing of what stands behind it. The messages of Flight SQL are our own reading of its
// specification, since Arrow's wheel carries no library for them. This file: the server.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "query/service.h"

namespace k2i::server::flight {

struct FlightOptions {
  std::string version;      // of K2I, shown to clients
  size_t max_streams = 64;  // open at once; each holds a thread
  size_t max_prepared_statements = 1000;
  Duration prepared_idle = std::chrono::minutes(10);  // then an unused one is dropped
  Duration shutdown_grace = std::chrono::seconds(5);  // for calls under way, once their queries are cancelled
};

class Dispatcher;

/// Serves from Start until it is destroyed, on threads of gRPC's. There is no authentication yet: whoever reaches the
/// port may read every table.
class FlightServer {
 public:
  /// Port 0 takes any free one. InvalidConfig when the address cannot be had. `service` must outlive the server.
  static Result<std::unique_ptr<FlightServer>> Start(const std::string& address, int port, query::Service& service,
                                                     const FlightOptions& options = {});
  /// Cancels every query, and waits for calls under way: for a client that does not read, `shutdown_grace` at most; for
  /// the service, until it has come back with Cancelled.
  ~FlightServer();
  int port() const;

 private:
  FlightServer(std::unique_ptr<Dispatcher> dispatcher, Duration shutdown_grace);

  std::unique_ptr<Dispatcher> dispatcher_;
  const Duration shutdown_grace_;
};

}  // namespace k2i::server::flight
