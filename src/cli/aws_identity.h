// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/aws_config.h"
#include "net/aws/credentials_chain.h"

namespace k2i::cli {

net::AwsCredentials AwsKeysOf(const config::AwsKeysConfig& keys);
/// `region`: of STS; empty: as the environment has it.
net::AwsIdentityOptions AwsIdentityOf(const config::AwsIdentityConfig& identity, const std::string& region);

}  // namespace k2i::cli
