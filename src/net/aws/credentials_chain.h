// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "net/aws/sts.h"
#include "net/aws/surroundings.h"

namespace k2i::net {

struct AwsIdentityOptions {
  AwsCredentials keys;  // empty: those of the first place that has some, see below
  std::string profile;  // of the shared files, and of no other place; empty: AWS_PROFILE, else "default"
  RoleRequest role;     // assumed with the above; an empty role_arn: none
  /// By AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN alone.
  bool web_identity = false;
  std::string region;  // of STS
};

/// Credentials as the SDKs of AWS look for them, in this order: environment variables, the profile of the shared files,
/// web identity (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN), container, EC2 instance. Cached and renewed as
/// cached_credentials.h says. Nothing is looked up here; PermissionDenied when no place has any: the message names
/// each. What `surroundings` refers to must outlive the source.
std::unique_ptr<AwsCredentialsSource> MakeAwsCredentials(AwsSurroundings surroundings, AwsIdentityOptions options);

/// `configured`, else AWS_REGION, AWS_DEFAULT_REGION, or the region of the profile; "" when none says.
Result<std::string> ResolveAwsRegion(const AwsSurroundings& surroundings, const std::string& configured,
                                     const std::string& profile);

}  // namespace k2i::net
