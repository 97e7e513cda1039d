// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <thread>

namespace k2i::net {

/// An HTTP server on a free port of loopback, there while it lives.
class LoopbackServer {
 public:
  explicit LoopbackServer(const std::function<void(httplib::Server&)>& define) {
    define(server_);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // a stop() before that is lost
  }
  /// Answers each request by `answer`, whatever it asks for.
  explicit LoopbackServer(const httplib::Server::Handler& answer)
      : LoopbackServer([&](httplib::Server& server) {
          server.Get(".*", answer).Put(".*", answer).Post(".*", answer).Delete(".*", answer);
        }) {}
  ~LoopbackServer() {
    server_.stop();
    thread_.join();
  }

  std::string Url(const std::string& path = "") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace k2i::net
