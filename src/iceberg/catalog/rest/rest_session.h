// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/catalog/rest/rest_error.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "net/token_source.h"

namespace k2i::iceberg {

/// One request to the catalog; `path` comes after "/v1/<prefix>/".
struct RestRequest {
  RestOperation operation = RestOperation::kRead;
  std::string endpoint;  // as catalog_capabilities.h names it; empty: not asked for
  std::string method = "GET";
  std::string path;
  std::string body;
  net::HttpHeaders headers;
  std::string what;                                  // for messages: "load table analytics.events"
  std::string token;                                 // in place of the session's, where a table has its own
  std::optional<std::chrono::milliseconds> timeout;  // in place of the session's
};

/// Properties "header.X-Team" of the server's configuration are headers of every request.
net::HttpHeaders ServerHeaders(const RestConfig& config);
/// "v1/<prefix>/" and `path`.
std::string PathBelow(const RestConfig& config, const std::string& path);

/// Addresses, headers and credentials of the requests to one catalog. Thread-safe.
class RestSession {
 public:
  /// `transport` and `clock` must outlive this.
  RestSession(const RestCatalogOptions& options, net::HttpTransport& transport, Clock& clock,
              std::unique_ptr<net::TokenSource> tokens);

  /// The server's configuration, asked for once; `refresh`: now.
  Result<RestConfig> Config(bool refresh = false);

  /// The answer, if it is a success, or a 304 to an If-None-Match. A token that the server refuses is replaced once.
  /// Errors as rest_error.h maps them; those that come before the request itself (configuration, token) never are
  /// CommitStateUnknown. NotSupported for an endpoint that the server does not offer. Unavailable, without a request,
  /// until the moment that an earlier answer's Retry-After has named: callers that wait and try again go easy on the
  /// server.
  Result<net::HttpResponse> Send(const RestRequest& request);

  /// The same for an address that is not one of the protocol's; `path` and `endpoint` mean nothing there.
  Result<net::HttpResponse> SendTo(const std::string& url, const RestRequest& request,
                                   const net::HttpHeaders& server_headers);

  /// What is to be done each time before the configuration is asked for.
  void BeforeConfig(std::function<Status(RestSession&)> task) { before_config_ = std::move(task); }

  /// "namespaces/a%1Fb", "namespaces/a%1Fb/tables/t"
  Result<std::string> NamespacePath(const std::vector<std::string>& name_space);
  Result<std::string> TablePath(const TableIdentifier& table);

  /// NotSupported when the server does not offer the endpoint, such as "POST /v1/{prefix}/namespaces".
  Status Require(const std::string& endpoint);

 private:
  Result<RestConfig> FetchConfig();
  net::HttpRequest MakeRequest(const std::string& url, const RestRequest& request, const std::string& token,
                               const net::HttpHeaders& server_headers) const;
  /// Unavailable until the moment that the server has named.
  Status CheckQuiet(const RestRequest& request);
  void HeedRetryAfter(const net::HttpResponse& response);

  const RestConfig client_config_;
  const std::string warehouse_;
  const net::HttpHeaders custom_headers_;
  const std::chrono::milliseconds timeout_;
  net::HttpTransport& transport_;
  Clock& clock_;
  const std::unique_ptr<net::TokenSource> tokens_;
  std::function<Status(RestSession&)> before_config_;  // may be empty; set before the first request
  std::mutex mutex_;
  std::optional<RestConfig> config_;     // guarded by mutex_
  std::optional<Duration> quiet_until_;  // guarded by mutex_; on the monotonic clock
};

}  // namespace k2i::iceberg
