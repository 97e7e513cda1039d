// SPDX-License-Identifier: Apache-2.0
//
// server: what K2I shows over HTTP. It declares the ports it needs (HealthPort, MetricsPort) and reaches into nothing;
// the stream is plugged in by cli. This file: one listening HTTP server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"

namespace k2i::server {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Called on one of the server's threads; must be thread-safe and must not throw.
using HttpHandler = std::function<HttpAnswer()>;

/// Serves GET requests from a small pool of threads, from Start until it is destroyed.
class HttpServer {
 public:
  /// Port 0 takes any free one. InvalidConfig, naming `what`, when the address cannot be had.
  static Result<std::unique_ptr<HttpServer>> Start(const std::string& what, const std::string& address, int port,
                                                   std::map<std::string, HttpHandler> handlers_by_path);
  /// Waits for requests under way.
  ~HttpServer();
  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace k2i::server
