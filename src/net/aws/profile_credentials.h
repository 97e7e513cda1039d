// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "net/aws/profile_file.h"
#include "net/aws/surroundings.h"

namespace k2i::net {

/// Both shared files (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, else in ~/.aws); of a key in both, the credentials
/// file's counts. A file that is not there is empty; InvalidConfig for one that cannot be read.
Result<AwsProfiles> LoadProfiles(const AwsSurroundings& surroundings);

/// The credentials of profile `name`: a role by source_profile, credential_source (Environment, EcsContainer,
/// Ec2InstanceMetadata) or web_identity_token_file, with external_id, role_session_name and duration_seconds; else its
/// keys. nullopt when there is no such profile or nothing of that in it.
/// InvalidConfig: the profile is contradictory, or wants what K2I does not do (credential_process, SSO, MFA). The
/// errors of STS and of the credential sources too.
FoundCredentials ProfileCredentials(const AwsSurroundings& surroundings, const AwsProfiles& profiles,
                                    const std::string& name, const std::string& region);

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where it is set, AWS_SESSION_TOKEN. InvalidConfig for one key alone.
FoundCredentials EnvironmentCredentials(const AwsSurroundings& surroundings);

}  // namespace k2i::net
