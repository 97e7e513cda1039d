// SPDX-License-Identifier: Apache-2.0
#include "engines/trino.h"

#include <string_view>

#include "base/base64.h"

namespace k2i::engines {
namespace {

constexpr auto kPause = std::chrono::milliseconds(50);

/// "https://host:8443" of "https://host:8443/v1/…".
std::string_view Origin(std::string_view uri) {
  const size_t scheme = uri.find("://");
  return scheme == uri.npos ? uri : uri.substr(0, uri.find('/', scheme + 3));
}

/// Of the statuses that Trino's documentation names for "come again", and 429.
bool MayComeAgain(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

Error StatusError(const net::HttpResponse& response) {
  const std::string said = "Trino answers with status " + std::to_string(response.status);
  if (response.status == 401 || response.status == 403) {
    return {ErrorCode::kPermissionDenied, said + ": look at maintenance.trino.user, .password and .token"};
  }
  const ErrorCode code = MayComeAgain(response.status) ? ErrorCode::kUnavailable : ErrorCode::kInternal;
  return {code, said + ": " + response.body.substr(0, 200)};
}

}  // namespace

net::HttpHeaders Trino::Headers() const {
  net::HttpHeaders headers = {{"X-Trino-User", options_.user}, {"X-Trino-Source", "k2i"}};
  if (!options_.password.empty()) {
    headers.emplace_back("Authorization", "Basic " + Base64(options_.user + ":" + options_.password));
  } else if (!options_.token.empty()) {
    headers.emplace_back("Authorization", "Bearer " + options_.token);
  }
  return headers;
}

Status Trino::Check() const {
  const bool secret = !options_.password.empty() || !options_.token.empty();
  if (!secret || options_.uri.starts_with("https://")) return {};
  return Fail(ErrorCode::kInvalidConfig, "maintenance.trino.uri must be https where a password or token is sent",
              Component::kConfig);
}

Result<TrinoPage> Trino::Send(const net::HttpRequest& request) const {
  auto response = parts_.http.Send(request);
  if (!response) return std::unexpected(response.error().With("Trino at " + options_.uri));
  if (!response->ok()) return std::unexpected(StatusError(*response));
  return ParseTrinoPage(response->body);
}

Result<TrinoPage> Trino::Next(const TrinoPage& page, const std::stop_token& stop) const {
  if (Origin(page.next_uri) != Origin(options_.uri)) {
    return Fail(ErrorCode::kInvalidConfig,
                "Trino's answer goes on at " + std::string(Origin(page.next_uri)) + ", not at maintenance.trino.uri (" +
                    options_.uri + "): name that one, or set http-server.process-forwarded in Trino",
                Component::kConfig);
  }
  const net::HttpRequest request{.method = "GET", .url = page.next_uri, .headers = Headers(), .body = {}};
  // A page may be asked for again until the one after it has been.
  return Retry(options_.retry, RetryContext{parts_.clock, parts_.random, stop, {}}, [&] { return Send(request); });
}

void Trino::Cancel(const std::string& next_uri) const {
  if (Origin(next_uri) != Origin(options_.uri)) return;
  (void)parts_.http.Send({.method = "DELETE", .url = next_uri, .headers = Headers(), .body = {}});
}

Result<std::string> Trino::Run(const std::string& statement, const std::map<std::string, std::string>& session,
                               const OnEngineProgress& on_progress, std::stop_token stop) {
  K2I_RETURN_IF_ERROR(Check());
  net::HttpRequest post{
      .method = "POST", .url = options_.uri + "/v1/statement", .headers = Headers(), .body = statement};
  for (const auto& [name, value] : session) {
    post.headers.emplace_back("X-Trino-Session", name + "=" + net::PercentEncode(value));
  }
  post.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  K2I_ASSIGN_OR_RETURN(TrinoPage page, Send(post));
  while (true) {
    if (page.error) return std::unexpected(*page.error);
    if (on_progress) on_progress(page.progress);
    if (page.next_uri.empty()) return page.query_id;
    if (!parts_.clock.SleepFor(kPause, stop)) {
      Cancel(page.next_uri);
      return Fail(ErrorCode::kCancelled, "stopped; Trino has been told to stop query " + page.query_id);
    }
    auto next = Next(page, stop);
    if (!next) {
      if (next.error().code == ErrorCode::kCancelled) Cancel(page.next_uri);
      return std::unexpected(next.error().With("query " + page.query_id));
    }
    page = *std::move(next);
  }
}

}  // namespace k2i::engines
