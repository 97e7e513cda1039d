// SPDX-License-Identifier: Apache-2.0
//
// server: what K2I shows over HTTP. It declares the ports it needs (HealthPort, MetricsPort) and takes query::Service;
// it reaches into nothing, and the stream is plugged in by cli. This file: one listening HTTP server.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/http_message.h"
#include "server/router.h"

namespace k2i::server {

struct HttpLimits {
  /// Each open connection has a thread. Beyond this number, new ones wait until others end; idle ones then end at once.
  size_t connections = 256;
  size_t head_bytes = 64 << 10;               // request line and headers: 431
  size_t body_bytes = 1 << 20;                // 413
  std::chrono::milliseconds idle{60'000};     // between two requests of a connection
  std::chrono::milliseconds request{10'000};  // for a request to arrive whole
  std::chrono::milliseconds write{30'000};    // without the client taking a byte
};

/// Serves HTTP/1.1 from Start until it is destroyed.
class HttpServer {
 public:
  /// Port 0 takes any free one. InvalidConfig, naming `what`, when the address cannot be had.
  static Result<std::unique_ptr<HttpServer>> Start(const std::string& what, const std::string& address, int port,
                                                   std::vector<Route> routes, HttpLimits limits = {});
  /// Tells requests under way that nobody reads their answers any more (HttpRequest::gone), and waits for them.
  ~HttpServer();
  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace k2i::server
