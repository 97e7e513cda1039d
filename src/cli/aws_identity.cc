// SPDX-License-Identifier: Apache-2.0
#include "cli/aws_identity.h"

namespace k2i::cli {

net::AwsCredentials AwsKeysOf(const config::AwsKeysConfig& keys) {
  return {.access_key_id = keys.access_key_id.Reveal(),
          .secret_access_key = keys.secret_access_key.Reveal(),
          .session_token = keys.session_token.Reveal()};
}

net::AwsIdentityOptions AwsIdentityOf(const config::AwsIdentityConfig& identity, const std::string& region) {
  return {.keys = AwsKeysOf(identity.keys),
          .profile = identity.profile,
          .role = {.role_arn = identity.role_arn,
                   .session_name = identity.session_name,
                   .external_id = identity.external_id},
          .region = region};
}

}  // namespace k2i::cli
