// SPDX-License-Identifier: Apache-2.0
//
// net: the HTTP client (libcurl) and what rides on it: OAuth2 tokens, URL encoding. HttpTransport is the seam: callers
// take it, tests script it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace k2i::net {

/// Names in the order they are sent; a name may come twice.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};  // for the whole exchange
  /// Of bytes in neither direction, in whole seconds; 0: `timeout` alone bounds it.
  std::chrono::seconds stall_timeout{0};
  /// Does no harm where the server gets it twice, though it is a POST: it may go over a connection that is kept open.
  bool repeatable = false;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; of a repeated one, the last
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  /// The header, or "".
  std::string_view header(const std::string& lower_case_name) const;
};

/// Thread-safe.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// An answer of any status is a success here. Errors (without a component: the caller knows for whom it asks):
  /// - Unavailable: no connection could be made; the request was definitely not sent.
  /// - Timeout: it may have been sent, and the server may have acted on it: no answer in time, a connection lost, a
  /// body
  ///   cut short.
  /// - ResourceExhausted: the answer is longer than the bound; the server has acted.
  /// - InvalidConfig: the URL, the CA file or the client's certificate cannot be used. PermissionDenied: the server's
  /// certificate is not trusted. For the latter two, nothing was sent either.
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

/// The first value of a header; null where it is not there.
const std::string* FindHeader(const HttpHeaders& headers, std::string_view lower_case_name);
/// Seconds of the Unix epoch of "Fri, 31 Dec 1999 23:59:59 GMT", the one form that servers may send (RFC 9110
/// section 5.6.7).
std::optional<int64_t> ParseHttpDate(std::string_view date);

/// RFC 3986: everything but unreserved characters as %XX.
std::string PercentEncode(std::string_view text);
/// application/x-www-form-urlencoded, in the order given.
std::string FormEncode(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace k2i::net
