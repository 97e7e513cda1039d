// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "net/http.h"

namespace k2i::net {

struct HttpClientOptions {
  std::string ca_file;       // PEM; empty: the system's
  std::string cert_file;     // PEM: the client's certificate, for servers that ask for one; may be empty
  std::string key_file;      // PEM: its private key
  std::string key_password;  // of the private key; may be empty
  std::chrono::milliseconds connect_timeout{5'000};
  int64_t max_response_bytes = int64_t{256} << 20;  // of the body
  size_t max_idle_connections = 4;
  /// Whether bodies that come compressed are asked for and taken apart. No: they come as they are kept.
  bool decode_content = true;
  std::string user_agent = "k2i";
};

/// HTTP and HTTPS over libcurl, HTTP/1.1, redirects not followed, paths sent as they are written ("/a//../b").
/// Thread-safe: each call takes a handle with its open connections from a small pool and puts it back. A POST is sent
/// once at most, over a connection of its own, unless it is repeatable.
class HttpClient final : public HttpTransport {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient() override;
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  class Handle;

  std::unique_ptr<Handle> Take();
  void PutBack(std::unique_ptr<Handle> handle);

  const HttpClientOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace k2i::net
