// SPDX-License-Identifier: Apache-2.0
#include "net/signing_transport.h"

#include "net/aws_error.h"

namespace k2i::net {

namespace {

Error BeforeSending(const Error& error) {
  Error mapped = error.With("AWS credentials");
  if (mapped.retryable()) mapped.code = ErrorCode::kUnavailable;
  return mapped;
}

HttpRequest Signed(const HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
                   int64_t now_ms) {
  HttpRequest with = request;
  for (auto& [name, value] : with.headers) {
    if (name == "Authorization") name = "Original-Authorization";
  }
  HttpHeaders signature = SignV4(with, credentials, scope, now_ms);
  with.headers.insert(with.headers.end(), signature.begin(), signature.end());
  return with;
}

bool RefusedAsStale(const HttpResponse& response) {
  const bool refused = response.status == 400 || response.status == 401 || response.status == 403;
  return refused && MeansStaleCredentials(ReadAwsError(response).code);
}

}  // namespace

Result<HttpResponse> SigningTransport::Send(const HttpRequest& request) {
  for (bool repeated = false;; repeated = true) {
    const auto credentials = credentials_.Credentials();
    if (!credentials.has_value()) return std::unexpected(BeforeSending(credentials.error()));
    auto response = transport_.Send(Signed(request, *credentials, scope_, clock_.wall_ms()));
    if (!response.has_value() || repeated || !RefusedAsStale(*response) || !credentials_.Refused(*credentials)) {
      return response;
    }
  }
}

}  // namespace k2i::net
