// SPDX-License-Identifier: Apache-2.0
#include "net/aws/credentials_chain.h"

#include <utility>
#include <vector>

#include "net/aws/cached_credentials.h"
#include "net/aws/credentials_endpoint.h"
#include "net/aws/profile_credentials.h"

namespace k2i::net {

namespace {

std::string ProfileName(const AwsSurroundings& surroundings, const std::string& configured) {
  if (!configured.empty()) return configured;
  const std::string named = surroundings.Variable("AWS_PROFILE");
  return named.empty() ? "default" : named;
}

FoundCredentials FromProfile(const AwsSurroundings& surroundings, const AwsIdentityOptions& options) {
  K2I_ASSIGN_OR_RETURN(const AwsProfiles profiles, LoadProfiles(surroundings));
  const std::string name = ProfileName(surroundings, options.profile);
  if (name != "default" && !profiles.contains(name)) {
    return Fail(ErrorCode::kInvalidConfig, "there is no AWS profile '" + name + "' in the shared files");
  }
  return ProfileCredentials(surroundings, profiles, name, options.region);
}

FoundCredentials FromWebIdentity(const AwsSurroundings& surroundings, const AwsIdentityOptions& options) {
  const std::string file = surroundings.Variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const RoleRequest request{.role_arn = surroundings.Variable("AWS_ROLE_ARN"),
                            .session_name = surroundings.Variable("AWS_ROLE_SESSION_NAME"),
                            .external_id = ""};
  if (file.empty() || request.role_arn.empty()) return std::nullopt;
  K2I_ASSIGN_OR_RETURN(const std::string token, ReadSmallFile(file, "AWS_WEB_IDENTITY_TOKEN_FILE"));
  return AssumeRoleWithWebIdentity(surroundings, StsEndpointOf(surroundings, options.region), token, request);
}

struct Place {
  const char* name;
  FoundCredentials (*look)(const AwsSurroundings&, const AwsIdentityOptions&);
};

constexpr Place kPlaces[] = {
    {"environment variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
     [](const AwsSurroundings& surroundings, const AwsIdentityOptions&) {
       return EnvironmentCredentials(surroundings);
     }},
    {"the profile of ~/.aws/credentials and ~/.aws/config", FromProfile},
    {"web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN)", FromWebIdentity},
    {"container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, _FULL_URI)",
     [](const AwsSurroundings& surroundings, const AwsIdentityOptions&) { return ContainerCredentials(surroundings); }},
    {"EC2 instance metadata",
     [](const AwsSurroundings& surroundings, const AwsIdentityOptions&) { return InstanceCredentials(surroundings); }}};

/// Before any role is assumed.
Result<AwsCredentials> OwnCredentials(const AwsSurroundings& surroundings, const AwsIdentityOptions& options) {
  if (!options.keys.access_key_id.empty()) return options.keys;
  if (options.web_identity) {
    K2I_ASSIGN_OR_RETURN(const auto found, FromWebIdentity(surroundings, options));
    if (found.has_value()) return *found;
    return Fail(ErrorCode::kInvalidConfig, "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not both set");
  }
  if (!options.profile.empty()) {
    K2I_ASSIGN_OR_RETURN(const auto found, FromProfile(surroundings, options));
    if (found.has_value()) return *found;
    return Fail(ErrorCode::kInvalidConfig, "AWS profile '" + options.profile + "' holds neither keys nor a role");
  }
  std::string tried;
  for (const Place& place : kPlaces) {
    auto found = place.look(surroundings, options);
    if (!found.has_value()) return std::unexpected(found.error().With(place.name));
    if (found->has_value()) return **found;
    tried += (tried.empty() ? "" : "; ") + std::string(place.name);
  }
  return Fail(ErrorCode::kPermissionDenied, "there are none. Looked in: " + tried);
}

}  // namespace

std::unique_ptr<AwsCredentialsSource> MakeAwsCredentials(AwsSurroundings surroundings, AwsIdentityOptions options) {
  Clock& clock = surroundings.clock;
  auto fetch = [surroundings = std::move(surroundings), options = std::move(options)]() -> Result<AwsCredentials> {
    K2I_ASSIGN_OR_RETURN(const AwsCredentials own, OwnCredentials(surroundings, options));
    if (options.role.role_arn.empty()) return own;
    return AssumeRole(surroundings, StsEndpointOf(surroundings, options.region), own, options.role);
  };
  return std::make_unique<CachedAwsCredentials>(clock, std::move(fetch));
}

Result<std::string> ResolveAwsRegion(const AwsSurroundings& surroundings, const std::string& configured,
                                     const std::string& profile) {
  if (!configured.empty()) return configured;
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = surroundings.Variable(variable); !region.empty()) return region;
  }
  K2I_ASSIGN_OR_RETURN(const AwsProfiles profiles, LoadProfiles(surroundings));
  const auto found = profiles.find(ProfileName(surroundings, profile));
  return found == profiles.end() ? "" : ProfileValue(found->second, "region");
}

}  // namespace k2i::net
