// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "net/aws/surroundings.h"

namespace k2i::net {

/// Where roles are assumed (AWS Security Token Service).
struct StsEndpoint {
  std::string url;
  std::string region;  // of the signature
};
/// AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, or the service of `region` (us-east-1 where it is empty).
StsEndpoint StsEndpointOf(const AwsSurroundings& surroundings, const std::string& region);

struct RoleRequest {
  std::string role_arn;
  std::string session_name;  // empty: "k2i"
  std::string external_id;   // what the owner of the role has agreed on; empty: none
  int duration_seconds = 3'600;
};

/// Errors of both: PermissionDenied when STS refuses, with its own words and what to do; Unavailable or Timeout when it
/// does not answer as it should; InvalidConfig for what it cannot accept (a malformed ARN, a duration beyond the
/// role's).
Result<AwsCredentials> AssumeRole(const AwsSurroundings& surroundings, const StsEndpoint& endpoint,
                                  const AwsCredentials& caller, const RoleRequest& request);
/// `token`: an OIDC token that the role trusts.
Result<AwsCredentials> AssumeRoleWithWebIdentity(const AwsSurroundings& surroundings, const StsEndpoint& endpoint,
                                                 const std::string& token, const RoleRequest& request);

}  // namespace k2i::net
