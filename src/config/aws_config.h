// SPDX-License-Identifier: Apache-2.0
//
// Of config.h: who we are to AWS.
#pragma once

#include <string>

#include "config/secret.h"

namespace k2i::config {

/// Empty: whatever AWS's chain finds.
struct AwsKeysConfig {
  Secret access_key_id;
  Secret secret_access_key;
  Secret session_token;
};

struct AwsIdentityConfig {
  AwsKeysConfig keys;
  std::string profile;
  std::string role_arn;  // assumed with the above; "": none
  std::string external_id;
  std::string session_name = "k2i";
};

}  // namespace k2i::config
