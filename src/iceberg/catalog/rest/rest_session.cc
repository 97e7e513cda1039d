// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_session.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "net/retry_after.h"

namespace k2i::iceberg {

namespace {

RestConfig ClientConfig(const RestCatalogOptions& options) {
  RestConfig config;
  config.uri = options.uri;
  config.prefix = options.prefix;
  config.capabilities.metrics = options.metrics_reports;
  return config;
}

net::HttpHeaders ToHeaders(const std::map<std::string, std::string>& headers) {
  return net::HttpHeaders(headers.begin(), headers.end());
}

std::string WithoutTrailingSlashes(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

bool IsEscape(std::string_view text, size_t at) {
  return at + 2 < text.size() && text[at] == '%' && std::isxdigit(static_cast<unsigned char>(text[at + 1])) &&
         std::isxdigit(static_cast<unsigned char>(text[at + 2]));
}

/// One level of a prefix. Servers send it as it stands in a path ("main%7Cwarehouse"), or unescaped.
std::string EncodedLevel(std::string_view level) {
  std::string encoded;
  for (size_t i = 0; i < level.size(); ++i) {
    const bool escape = IsEscape(level, i);
    encoded += escape ? std::string(level.substr(i, 3)) : net::PercentEncode(level.substr(i, 1));
    if (escape) i += 2;
  }
  return encoded;
}

/// A prefix may hold several levels ("ws/main"); the slashes between them stay.
std::string EncodedPrefix(const std::string& prefix) {
  std::string encoded;
  for (size_t begin = 0; begin <= prefix.size();) {
    const size_t end = std::min(prefix.find('/', begin), prefix.size());
    if (end > begin) encoded += EncodedLevel(std::string_view(prefix).substr(begin, end - begin)) + "/";
    begin = end + 1;
  }
  return encoded;
}

/// An error before the request proper is no word on its fate: a time-out then is only "not now".
Error BeforeSending(const Error& error, std::string_view what) {
  Error mapped = error.With(what).In(Component::kCatalog);
  if (mapped.code == ErrorCode::kTimeout || mapped.code == ErrorCode::kResourceExhausted) {
    mapped.code = ErrorCode::kUnavailable;
  }
  return mapped;
}

bool IsTokenRefused(int status) { return status == 401 || status == 419; }

}  // namespace

net::HttpHeaders ServerHeaders(const RestConfig& config) {
  constexpr std::string_view kHeader = "header.";
  net::HttpHeaders headers;
  for (const auto& [key, value] : config.properties) {
    if (key.starts_with(kHeader)) headers.emplace_back(key.substr(kHeader.size()), value);
  }
  return headers;
}

std::string PathBelow(const RestConfig& config, const std::string& path) {
  return "v1/" + EncodedPrefix(config.prefix) + path;
}

RestSession::RestSession(const RestCatalogOptions& options, net::HttpTransport& transport, Clock& clock,
                         std::unique_ptr<net::TokenSource> tokens)
    : client_config_(ClientConfig(options)),
      warehouse_(options.warehouse),
      custom_headers_(ToHeaders(options.custom_headers)),
      timeout_(options.timeout),
      transport_(transport),
      clock_(clock),
      tokens_(std::move(tokens)) {}

Result<RestConfig> RestSession::Config(bool refresh) {
  {
    std::lock_guard lock(mutex_);
    if (config_.has_value() && !refresh) return *config_;
  }
  auto fetched = FetchConfig();
  if (!fetched.has_value()) return fetched;
  std::lock_guard lock(mutex_);
  config_ = *fetched;
  return fetched;
}

Result<RestConfig> RestSession::FetchConfig() {
  if (before_config_) K2I_RETURN_IF_ERROR(before_config_(*this));
  std::string url = WithoutTrailingSlashes(client_config_.uri) + "/v1/config";
  const RestRequest request{.what = "catalog " + client_config_.uri};
  if (!warehouse_.empty()) url += "?" + net::FormEncode({{"warehouse", warehouse_}});
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, SendTo(url, request, {}));
  auto config = ParseRestConfig(response.body, client_config_);
  if (!config.has_value()) return std::unexpected(ErrorOfBody(request.operation, config.error(), request.what));
  return config;
}

Result<net::HttpResponse> RestSession::Send(const RestRequest& request) {
  const auto config = Config();
  if (!config.has_value()) return std::unexpected(BeforeSending(config.error(), request.what));
  if (!request.endpoint.empty()) K2I_RETURN_IF_ERROR(Require(request.endpoint));
  const std::string url = WithoutTrailingSlashes(config->uri) + "/" + PathBelow(*config, request.path);
  return SendTo(url, request, ServerHeaders(*config));
}

Status RestSession::CheckQuiet(const RestRequest& request) {
  std::lock_guard lock(mutex_);
  const Duration now = clock_.monotonic();
  if (!quiet_until_.has_value() || now >= *quiet_until_) return {};
  const auto left = std::chrono::ceil<std::chrono::seconds>(*quiet_until_ - now);
  return Fail(ErrorCode::kUnavailable,
              request.what + ": the catalog has asked to be left alone for another " + std::to_string(left.count()) +
                  " s (Retry-After)",
              Component::kCatalog);
}

void RestSession::HeedRetryAfter(const net::HttpResponse& response) {
  if (response.status != 429 && response.status < 500) return;
  const auto pause = net::RetryAfter(response, clock_.wall_ms());
  if (!pause.has_value()) return;
  std::lock_guard lock(mutex_);
  quiet_until_ = clock_.monotonic() + *pause;
}

net::HttpRequest RestSession::MakeRequest(const std::string& url, const RestRequest& request, const std::string& token,
                                          const net::HttpHeaders& server_headers) const {
  net::HttpRequest http{
      .method = request.method, .url = url, .body = request.body, .timeout = request.timeout.value_or(timeout_)};
  http.headers = {{"Accept", "application/json"}};
  if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
  if (!token.empty()) http.headers.emplace_back("Authorization", "Bearer " + token);
  http.headers.insert(http.headers.end(), request.headers.begin(), request.headers.end());
  http.headers.insert(http.headers.end(), server_headers.begin(), server_headers.end());
  http.headers.insert(http.headers.end(), custom_headers_.begin(), custom_headers_.end());
  return http;
}

Result<net::HttpResponse> RestSession::SendTo(const std::string& url, const RestRequest& request,
                                              const net::HttpHeaders& server_headers) {
  K2I_RETURN_IF_ERROR(CheckQuiet(request));
  std::string table_token = request.token;
  for (bool repeated = false;; repeated = true) {
    const auto token = table_token.empty() ? tokens_->Token() : table_token;
    if (!token.has_value()) return std::unexpected(BeforeSending(token.error(), request.what));
    auto response = transport_.Send(MakeRequest(url, request, *token, server_headers));
    if (!response.has_value()) {
      return std::unexpected(ErrorOfTransport(request.operation, response.error(), request.what));
    }
    if (response->ok() || (response->status == 304 && request.operation == RestOperation::kRead)) return response;
    HeedRetryAfter(*response);
    // A table's own token has a shorter life than the session's, which is good for its table too.
    const bool refused = !repeated && IsTokenRefused(response->status);
    const bool other = !std::exchange(table_token, "").empty();
    if (!refused || !(other || tokens_->Refused(*token))) {
      return std::unexpected(ErrorOfAnswer(request.operation, *response, request.what));
    }
  }
}

Result<std::string> RestSession::NamespacePath(const std::vector<std::string>& name_space) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, Config());
  std::string path = "namespaces/";
  for (size_t i = 0; i < name_space.size(); ++i) {
    if (i > 0) path += config.capabilities.namespace_separator;
    path += net::PercentEncode(name_space[i]);
  }
  return path;
}

Result<std::string> RestSession::TablePath(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const std::string path, NamespacePath(table.name_space));
  return path + "/tables/" + net::PercentEncode(table.name);
}

Status RestSession::Require(const std::string& endpoint) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, Config());
  if (config.capabilities.Offers(endpoint)) return {};
  return Fail(ErrorCode::kNotSupported, "the catalog does not offer " + endpoint, Component::kCatalog);
}

}  // namespace k2i::iceberg
