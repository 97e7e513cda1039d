// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"
#include "engines/trino_page.h"
#include "net/http.h"

namespace k2i::engines {

struct TrinoOptions {
  std::string uri;  // "https://trino:8443"
  std::string user;
  std::string password;  // basic authentication; needs https
  std::string token;     // a bearer's, in place of the password; needs https
  RetryPolicy retry{.max_attempts = 0, .budget = std::chrono::seconds(60)};
};

/// Trino's client protocol over HTTP: a statement is posted, and its pages are followed to the last. One thread.
class Trino {
 public:
  struct Parts {
    net::HttpTransport& http;
    Clock& clock;
    Random& random;
  };
  /// `parts` must outlive this.
  Trino(Parts parts, TrinoOptions options) : parts_(parts), options_(std::move(options)) {}

  /// Runs the statement to its end; returns the query's id. `session`: session properties by name.
  /// - InvalidConfig: credentials without https; a next page on another server, to which they are not sent.
  /// - PermissionDenied: the credentials are refused. Cancelled: stopped; Trino has been told to stop too.
  /// - Unavailable, Timeout: Trino does not answer; the query may still run there. TrinoError's codes. Corruption.
  Result<std::string> Run(const std::string& statement, const std::map<std::string, std::string>& session,
                          const OnEngineProgress& on_progress, std::stop_token stop);

 private:
  net::HttpHeaders Headers() const;
  Status Check() const;
  Result<TrinoPage> Send(const net::HttpRequest& request) const;
  Result<TrinoPage> Next(const TrinoPage& page, const std::stop_token& stop) const;
  void Cancel(const std::string& next_uri) const;

  Parts parts_;
  const TrinoOptions options_;
};

}  // namespace k2i::engines
