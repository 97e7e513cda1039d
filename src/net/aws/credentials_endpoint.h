// SPDX-License-Identifier: Apache-2.0
//
// Credentials that the place we run in hands out over HTTP.
#pragma once

#include "net/aws/surroundings.h"

namespace k2i::net {

/// ECS tasks and EKS pods (pod identity): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, or _FULL_URI with
/// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or _TOKEN. nullopt when neither is set. InvalidConfig for a full URI that
/// would send the token in the clear beyond this machine.
FoundCredentials ContainerCredentials(const AwsSurroundings& surroundings);

/// The role of an EC2 instance, by its metadata service (version 2 alone: it asks for a session token first). nullopt
/// when nothing answers there, the instance has no role, or AWS_EC2_METADATA_DISABLED is true.
FoundCredentials InstanceCredentials(const AwsSurroundings& surroundings);

}  // namespace k2i::net
