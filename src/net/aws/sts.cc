// SPDX-License-Identifier: Apache-2.0
#include "net/aws/sts.h"

#include <utility>
#include <vector>

#include "net/aws_error.h"
#include "net/signing_transport.h"

namespace k2i::net {

namespace {

using Form = std::vector<std::pair<std::string, std::string>>;

constexpr std::chrono::seconds kTimeout{10};

Form RoleForm(const std::string& action, const RoleRequest& request) {
  Form form = {{"Action", action},
               {"Version", "2011-06-15"},
               {"RoleArn", request.role_arn},
               {"RoleSessionName", request.session_name.empty() ? "k2i" : request.session_name},
               {"DurationSeconds", std::to_string(request.duration_seconds)}};
  if (!request.external_id.empty()) form.emplace_back("ExternalId", request.external_id);
  return form;
}

/// STS refuses a role it does not know, or that does not trust the caller, with AccessDenied alike.
Error ErrorOfAnswer(const HttpResponse& response, const std::string& what) {
  const AwsError said = ReadAwsError(response);
  ErrorCode code = response.status >= 400 && response.status < 500 && response.status != 429 ? ErrorCode::kInvalidConfig
                                                                                             : ErrorCode::kUnavailable;
  if (response.status == 403) code = ErrorCode::kPermissionDenied;
  // The provider of the identity could not be reached from STS.
  if (said.code == "IDPCommunicationError") code = ErrorCode::kUnavailable;
  if (said.code == "IDPRejectedClaim") code = ErrorCode::kPermissionDenied;
  code = CodeOfCommonAwsError(said.code).value_or(code);
  return Error{code, what + ": HTTP " + std::to_string(response.status) + (said.code.empty() ? "" : ": " + said.code) +
                         (said.message.empty() ? "" : ": " + said.message) + AdviceFor(said.code)};
}

Result<AwsCredentials> ParseAnswer(const HttpResponse& response, const std::string& what) {
  if (!response.ok()) return std::unexpected(ErrorOfAnswer(response, what));
  AwsCredentials credentials{.access_key_id = XmlText(response.body, "AccessKeyId").value_or(""),
                             .secret_access_key = XmlText(response.body, "SecretAccessKey").value_or(""),
                             .session_token = XmlText(response.body, "SessionToken").value_or(""),
                             .expires_at_ms = ParseExpiration(XmlText(response.body, "Expiration").value_or(""))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Fail(ErrorCode::kUnavailable, what + ": the answer holds no credentials");
  }
  return credentials;
}

Result<AwsCredentials> Ask(HttpTransport& transport, const StsEndpoint& endpoint, const Form& form,
                           const std::string& what) {
  HttpRequest request{.method = "POST", .url = endpoint.url, .body = FormEncode(form), .timeout = kTimeout};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "text/xml"}};
  const auto response = transport.Send(request);
  if (!response.has_value()) return std::unexpected(response.error().With(what));
  return ParseAnswer(*response, what);
}

}  // namespace

StsEndpoint StsEndpointOf(const AwsSurroundings& surroundings, const std::string& region) {
  StsEndpoint endpoint{.region = region.empty() ? "us-east-1" : region};
  endpoint.url = surroundings.Variable("AWS_ENDPOINT_URL_STS");
  if (endpoint.url.empty()) endpoint.url = surroundings.Variable("AWS_ENDPOINT_URL");
  if (endpoint.url.empty()) endpoint.url = AwsEndpoint("sts", endpoint.region);
  return endpoint;
}

Result<AwsCredentials> AssumeRole(const AwsSurroundings& surroundings, const StsEndpoint& endpoint,
                                  const AwsCredentials& caller, const RoleRequest& request) {
  FixedAwsCredentials source(caller);
  SigningTransport signing(surroundings.http, source, surroundings.clock, {endpoint.region, "sts"});
  return Ask(signing, endpoint, RoleForm("AssumeRole", request), "assuming role " + request.role_arn);
}

Result<AwsCredentials> AssumeRoleWithWebIdentity(const AwsSurroundings& surroundings, const StsEndpoint& endpoint,
                                                 const std::string& token, const RoleRequest& request) {
  Form form = RoleForm("AssumeRoleWithWebIdentity", request);
  form.emplace_back("WebIdentityToken", token);
  return Ask(surroundings.http, endpoint, form, "assuming role " + request.role_arn + " by web identity");
}

}  // namespace k2i::net
