// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_session.h"

#include <utility>

namespace k2i::iceberg {

namespace {

RestConfig ClientConfig(const RestCatalogOptions& options) {
  RestConfig config;
  config.uri = options.uri;
  config.prefix = options.prefix;
  return config;
}

net::HttpHeaders ToHeaders(const std::map<std::string, std::string>& headers) {
  return net::HttpHeaders(headers.begin(), headers.end());
}

std::string WithoutTrailingSlashes(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

/// A prefix may hold several levels ("ws/main"); each is encoded, the slashes between them stay.
std::string EncodedPrefix(const std::string& prefix) {
  std::string encoded;
  for (size_t begin = 0; begin <= prefix.size();) {
    const size_t end = std::min(prefix.find('/', begin), prefix.size());
    if (end > begin) encoded += net::PercentEncode(prefix.substr(begin, end - begin)) + "/";
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

RestSession::RestSession(const RestCatalogOptions& options, net::HttpTransport& transport,
                         std::unique_ptr<net::TokenSource> tokens)
    : client_config_(ClientConfig(options)),
      warehouse_(options.warehouse),
      custom_headers_(ToHeaders(options.custom_headers)),
      timeout_(options.timeout),
      transport_(transport),
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
  std::string url = WithoutTrailingSlashes(client_config_.uri) + "/v1/config";
  const RestRequest request{.what = "catalog " + client_config_.uri};
  if (!warehouse_.empty()) url += "?" + net::FormEncode({{"warehouse", warehouse_}});
  K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, SendTo(url, request));
  auto config = ParseRestConfig(response.body, client_config_);
  if (!config.has_value()) return std::unexpected(ErrorOfBody(request.operation, config.error(), request.what));
  return config;
}

Result<net::HttpResponse> RestSession::Send(const RestRequest& request) {
  const auto config = Config();
  if (!config.has_value()) return std::unexpected(BeforeSending(config.error(), request.what));
  const std::string base = WithoutTrailingSlashes(config->uri) + "/v1/" + EncodedPrefix(config->prefix);
  return SendTo(base + request.path, request);
}

Result<net::HttpResponse> RestSession::SendTo(const std::string& url, const RestRequest& request) {
  for (bool repeated = false;; repeated = true) {
    const auto token = tokens_->Token();
    if (!token.has_value()) return std::unexpected(BeforeSending(token.error(), request.what));
    net::HttpRequest http{.method = request.method, .url = url, .body = request.body, .timeout = timeout_};
    http.headers = {{"Accept", "application/json"}};
    if (!request.body.empty()) http.headers.emplace_back("Content-Type", "application/json");
    if (!token->empty()) http.headers.emplace_back("Authorization", "Bearer " + *token);
    http.headers.insert(http.headers.end(), request.headers.begin(), request.headers.end());
    http.headers.insert(http.headers.end(), custom_headers_.begin(), custom_headers_.end());

    auto response = transport_.Send(http);
    if (!response.has_value()) {
      return std::unexpected(ErrorOfTransport(request.operation, response.error(), request.what));
    }
    if (response->ok()) return response;
    const bool again = !repeated && IsTokenRefused(response->status) && tokens_->Refused(*token);
    if (!again) return std::unexpected(ErrorOfAnswer(request.operation, *response, request.what));
  }
}

Result<std::string> RestSession::NamespacePath(const std::vector<std::string>& name_space) {
  K2I_ASSIGN_OR_RETURN(const RestConfig config, Config());
  std::string path = "namespaces/";
  for (size_t i = 0; i < name_space.size(); ++i) {
    if (i > 0) path += config.namespace_separator;
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
  if (!config.endpoints.has_value() || config.endpoints->contains(endpoint)) return {};
  return Fail(ErrorCode::kNotSupported, "the catalog does not offer " + endpoint, Component::kCatalog);
}

}  // namespace k2i::iceberg
