// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "iceberg/catalog/rest/rest_catalog.h"
#include "iceberg/catalog/rest/rest_error.h"
#include "iceberg/catalog/rest/rest_json.h"
#include "net/token_source.h"

namespace k2i::iceberg {

/// One request to the catalog; `path` comes after "/v1/<prefix>/".
struct RestRequest {
  RestOperation operation = RestOperation::kRead;
  std::string method = "GET";
  std::string path;
  std::string body;
  net::HttpHeaders headers;
  std::string what;  // for messages: "load table analytics.events"
};

/// Addresses, headers and credentials of the requests to one catalog. Thread-safe.
class RestSession {
 public:
  /// `transport` must outlive this.
  RestSession(const RestCatalogOptions& options, net::HttpTransport& transport,
              std::unique_ptr<net::TokenSource> tokens);

  /// The server's configuration, asked for once; `refresh`: now.
  Result<RestConfig> Config(bool refresh = false);

  /// The answer, if it is a success. A token that the server refuses is replaced once. Errors as rest_error.h maps
  /// them; those that come before the request itself (configuration, token) never are CommitStateUnknown.
  Result<net::HttpResponse> Send(const RestRequest& request);

  /// "namespaces/a%1Fb", "namespaces/a%1Fb/tables/t"
  Result<std::string> NamespacePath(const std::vector<std::string>& name_space);
  Result<std::string> TablePath(const TableIdentifier& table);

  /// NotSupported when the server lists its endpoints without this one, such as "POST /v1/{prefix}/namespaces".
  Status Require(const std::string& endpoint);

 private:
  Result<RestConfig> FetchConfig();
  Result<net::HttpResponse> SendTo(const std::string& url, const RestRequest& request);

  const RestConfig client_config_;
  const std::string warehouse_;
  const net::HttpHeaders custom_headers_;
  const std::chrono::milliseconds timeout_;
  net::HttpTransport& transport_;
  const std::unique_ptr<net::TokenSource> tokens_;
  std::mutex mutex_;
  std::optional<RestConfig> config_;
};

}  // namespace k2i::iceberg
