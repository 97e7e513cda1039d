// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "iceberg/catalog/glue/glue_error.h"
#include "net/http.h"

namespace k2i::iceberg {

struct GlueClientOptions {
  std::string endpoint;                       // "https://glue.eu-west-1.amazonaws.com"
  std::string catalog_id;                     // the account whose catalog it is; empty: the caller's own
  std::chrono::milliseconds timeout{30'000};  // of one request
};

/// Glue's web API: JSON 1.1 over POST. Requests that are throttled or cannot be sent are repeated with backoff, reads
/// also after any other failure that passes; a change whose outcome is unclear is not. Thread-safe.
class GlueClient {
 public:
  /// `transport` signs; it, `clock` and `random` must outlive this.
  GlueClient(GlueClientOptions options, net::HttpTransport& transport, Clock& clock, Random& random)
      : options_(std::move(options)), transport_(transport), clock_(clock), random_(random) {}

  /// The answer to `action` ("GetTable") with the members of `input`, an object. Errors as glue_error.h maps them.
  /// `what` is for messages: "load table analytics.events".
  Result<nlohmann::json> Call(GlueOperation operation, const std::string& action, nlohmann::json input,
                              const std::string& what);

  /// Call() for each page of a list, in turn; an error of `take` ends it.
  Status ForEachPage(const std::string& action, const nlohmann::json& input, const std::string& what,
                     const std::function<Status(const nlohmann::json& page)>& take);

 private:
  Result<nlohmann::json> CallOnce(GlueOperation operation, const net::HttpRequest& request, const std::string& what);

  const GlueClientOptions options_;
  net::HttpTransport& transport_;
  Clock& clock_;
  Random& random_;
};

}  // namespace k2i::iceberg
