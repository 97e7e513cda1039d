// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <thread>

namespace k2i::server {
namespace {

constexpr size_t kThreads = 4;
constexpr size_t kMaxRequestBytes = 1 << 20;
constexpr time_t kTimeoutSeconds = 5;

void Configure(httplib::Server& http, std::map<std::string, HttpHandler> handlers) {
  http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  http.set_payload_max_length(kMaxRequestBytes);
  http.set_read_timeout(kTimeoutSeconds);
  http.set_write_timeout(kTimeoutSeconds);
  http.set_keep_alive_timeout(1);  // idle clients must not hold the few threads
  // Without httplib's SO_REUSEPORT: the second process on a port is to fail, not to take half of the requests.
  http.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  for (auto& [path, handler] : handlers) {
    http.Get(path, [handler = std::move(handler)](const httplib::Request&, httplib::Response& response) {
      HttpAnswer answer = handler();
      response.status = answer.status;
      response.set_content(std::move(answer.body), answer.content_type);
    });
  }
}

}  // namespace

struct HttpServer::Impl {
  httplib::Server http;
  int port = 0;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& what, const std::string& address, int port,
                                                      std::map<std::string, HttpHandler> handlers) {
  auto impl = std::make_unique<Impl>();
  Configure(impl->http, std::move(handlers));
  impl->port = port == 0 ? impl->http.bind_to_any_port(address) : (impl->http.bind_to_port(address, port) ? port : -1);
  if (impl->port < 0) {
    return Fail(ErrorCode::kInvalidConfig,
                fmt::format("{}: cannot listen on {}:{}; is another process using the port?", what, address, port),
                Component::kConfig);
  }
  impl->thread = std::thread([http = &impl->http] { http->listen_after_bind(); });
  // stop() is heeded only by a server that runs.
  while (!impl->http.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->http.stop();
  impl_->thread.join();
}

int HttpServer::port() const { return impl_->port; }

}  // namespace k2i::server
