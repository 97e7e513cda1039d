// SPDX-License-Identifier: Apache-2.0
#include "net/aws/signed_http.h"

#include <utility>

namespace k2i::net {

SignedHttp::SignedHttp(std::unique_ptr<HttpTransport> http, std::unique_ptr<AwsCredentialsSource> credentials,
                       Clock& clock, const SigningScope& scope)
    : http_(std::move(http)),
      credentials_(std::move(credentials)),
      region_(scope.region),
      signing_(*http_, *credentials_, clock, scope) {}

Result<std::unique_ptr<SignedHttp>> SignedHttp::Make(std::unique_ptr<HttpTransport> http, Clock& clock,
                                                     std::map<std::string, std::string> environment,
                                                     AwsIdentityOptions identity, const std::string& service,
                                                     const std::string& region_key) {
  AwsSurroundings surroundings{*http, clock, std::move(environment)};
  K2I_ASSIGN_OR_RETURN(identity.region, ResolveAwsRegion(surroundings, identity.region, identity.profile));
  if (identity.region.empty()) {
    return Fail(ErrorCode::kInvalidConfig, "there is no AWS region in AWS_REGION or the profile: set " + region_key);
  }
  const SigningScope scope{identity.region, service};
  auto credentials = MakeAwsCredentials(std::move(surroundings), std::move(identity));
  return std::unique_ptr<SignedHttp>(new SignedHttp(std::move(http), std::move(credentials), clock, scope));
}

}  // namespace k2i::net
