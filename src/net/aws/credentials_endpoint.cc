// SPDX-License-Identifier: Apache-2.0
#include "net/aws/credentials_endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace k2i::net {

namespace {

constexpr std::chrono::seconds kContainerTimeout{5};
// Where there is no such service, the address often swallows packets without a word.
constexpr std::chrono::seconds kInstanceTimeout{1};

constexpr const char* kEcsHost = "http://169.254.170.2";

/// The addresses of ECS and EKS, and this machine: the only ones that may be asked without TLS.
bool IsTrustedHost(std::string_view uri) {
  if (uri.starts_with("https://")) return true;
  constexpr std::array<std::string_view, 6> kHosts = {"127.0.0.1",     "localhost",      "[::1]",
                                                      "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  constexpr std::string_view kScheme = "http://";
  if (!uri.starts_with(kScheme)) return false;
  uri.remove_prefix(kScheme.size());
  uri = uri.substr(0, uri.find('/'));
  if (const size_t port = uri.rfind(':'); port != uri.npos && uri.find(']', port) == uri.npos)
    uri = uri.substr(0, port);
  return std::ranges::find(kHosts, uri) != kHosts.end();
}

Result<std::string> ContainerUri(const AwsSurroundings& surroundings) {
  const std::string relative = surroundings.Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) return kEcsHost + relative;
  const std::string full = surroundings.Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty() || IsTrustedHost(full)) return full;
  return Fail(ErrorCode::kInvalidConfig, "AWS_CONTAINER_CREDENTIALS_FULL_URI is " + full +
                                             ": it takes https://, loopback, or the addresses of ECS and EKS");
}

/// Read anew each time: the file is replaced as the token ages.
Result<std::string> ContainerToken(const AwsSurroundings& surroundings) {
  const std::string file = surroundings.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) return ReadSmallFile(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return surroundings.Variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

/// An answer that is a success, or the error that `what` failed.
Result<HttpResponse> Expect200(Result<HttpResponse> response, const std::string& what) {
  if (!response.has_value()) return std::unexpected(response.error().With(what));
  if (response->status == 200) return response;
  const bool refused = response->status >= 400 && response->status < 500 && response->status != 429;
  return Fail(refused ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
              what + ": HTTP " + std::to_string(response->status));
}

}  // namespace

FoundCredentials ContainerCredentials(const AwsSurroundings& surroundings) {
  K2I_ASSIGN_OR_RETURN(const std::string uri, ContainerUri(surroundings));
  if (uri.empty()) return std::nullopt;
  K2I_ASSIGN_OR_RETURN(const std::string token, ContainerToken(surroundings));
  HttpRequest request{.url = uri, .timeout = kContainerTimeout};
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  const std::string what = "credentials of the container from " + uri;
  K2I_ASSIGN_OR_RETURN(const HttpResponse response, Expect200(surroundings.http.Send(request), what));
  return ParseCredentialsJson(response.body, what);
}

FoundCredentials InstanceCredentials(const AwsSurroundings& surroundings) {
  if (EqualsIgnoringCase(surroundings.Variable("AWS_EC2_METADATA_DISABLED"), "true")) return std::nullopt;
  std::string base = surroundings.Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();

  const auto session = surroundings.http.Send({.method = "PUT",
                                               .url = base + "/latest/api/token",
                                               .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                                               .timeout = kInstanceTimeout});
  // Nobody there: not an instance of EC2, or one whose containers may not ask (hop limit).
  if (!session.has_value() || session->status != 200) return std::nullopt;
  const HttpHeaders headers = {{"X-aws-ec2-metadata-token", session->body}};
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  const auto role = surroundings.http.Send({.url = roles, .headers = headers, .timeout = kInstanceTimeout});
  if (role.has_value() && role->status == 404) return std::nullopt;
  const std::string what = "credentials of the EC2 instance";
  K2I_ASSIGN_OR_RETURN(const HttpResponse named, Expect200(role, what));
  const std::string name = named.body.substr(0, named.body.find('\n'));
  K2I_ASSIGN_OR_RETURN(
      const HttpResponse response,
      Expect200(surroundings.http.Send({.url = roles + name, .headers = headers, .timeout = kInstanceTimeout}), what));
  return ParseCredentialsJson(response.body, what + ", role " + name);
}

}  // namespace k2i::net
