// SPDX-License-Identifier: Apache-2.0
#include "net/aws/profile_credentials.h"

#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include "net/aws/credentials_endpoint.h"
#include "net/aws/sts.h"

namespace k2i::net {

namespace {

std::unexpected<Error> Invalid(const std::string& profile, const std::string& what) {
  return Fail(ErrorCode::kInvalidConfig, "AWS profile '" + profile + "' " + what);
}

Status AddFile(const std::string& path, ProfileFileKind kind, const std::string& what, AwsProfiles& profiles) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error)) return {};
  K2I_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path, what));
  ParseProfiles(text, kind, profiles);
  return {};
}

/// Follows a profile's references to others.
class Resolver {
 public:
  Resolver(const AwsSurroundings& surroundings, const AwsProfiles& profiles, std::string region)
      : surroundings_(surroundings), profiles_(profiles), region_(std::move(region)) {}

  FoundCredentials Resolve(const std::string& name) {
    const auto found = profiles_.find(name);
    if (found == profiles_.end()) return std::nullopt;
    const AwsProfile& profile = found->second;
    if (!visited_.insert(name).second) {
      // A profile may name itself as the source: its own keys then assume its role.
      return Keys(name, profile);
    }
    if (!ProfileValue(profile, "role_arn").empty()) return Role(name, profile);
    K2I_ASSIGN_OR_RETURN(auto keys, Keys(name, profile));
    if (keys.has_value()) return keys;
    for (const char* unsupported : {"credential_process", "sso_session", "sso_start_url"}) {
      if (profile.contains(unsupported)) {
        return Invalid(name, std::string("gets its credentials by ") + unsupported +
                                 ", which K2I does not do: export them into the environment instead (aws configure "
                                 "export-credentials --format env), or name a role_arn with source_profile");
      }
    }
    return std::nullopt;
  }

 private:
  static FoundCredentials Keys(const std::string& name, const AwsProfile& profile) {
    AwsCredentials keys{.access_key_id = ProfileValue(profile, "aws_access_key_id"),
                        .secret_access_key = ProfileValue(profile, "aws_secret_access_key"),
                        .session_token = ProfileValue(profile, "aws_session_token")};
    if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return std::nullopt;
    if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
      return Invalid(name, "needs both aws_access_key_id and aws_secret_access_key");
    }
    return keys;
  }

  Result<RoleRequest> RequestOf(const std::string& name, const AwsProfile& profile) const {
    RoleRequest request{.role_arn = ProfileValue(profile, "role_arn"),
                        .session_name = ProfileValue(profile, "role_session_name"),
                        .external_id = ProfileValue(profile, "external_id")};
    if (const std::string text = ProfileValue(profile, "duration_seconds"); !text.empty()) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), request.duration_seconds);
      if (error != std::errc() || end != text.data() + text.size()) {
        return Invalid(name, "has duration_seconds '" + text + "', which is no number");
      }
    }
    return request;
  }

  FoundCredentials Role(const std::string& name, const AwsProfile& profile) {
    if (profile.contains("mfa_serial"))
      return Invalid(name, "wants a second factor (mfa_serial), which a service has not");
    K2I_ASSIGN_OR_RETURN(const RoleRequest request, RequestOf(name, profile));
    const std::string own_region = ProfileValue(profile, "region");
    const StsEndpoint sts = StsEndpointOf(surroundings_, region_.empty() ? own_region : region_);
    if (const std::string file = ProfileValue(profile, "web_identity_token_file"); !file.empty()) {
      K2I_ASSIGN_OR_RETURN(const std::string token, ReadSmallFile(file, "web_identity_token_file"));
      return AssumeRoleWithWebIdentity(surroundings_, sts, token, request);
    }
    K2I_ASSIGN_OR_RETURN(const AwsCredentials caller, Caller(name, profile));
    return AssumeRole(surroundings_, sts, caller, request);
  }

  /// Who assumes the role.
  Result<AwsCredentials> Caller(const std::string& name, const AwsProfile& profile) {
    const std::string source_profile = ProfileValue(profile, "source_profile");
    const std::string source = ProfileValue(profile, "credential_source");
    if (source_profile.empty() == source.empty()) {
      return Invalid(name, "has a role_arn and needs either source_profile or credential_source to assume it with");
    }
    K2I_ASSIGN_OR_RETURN(const auto found, source.empty() ? Resolve(source_profile) : FromSource(name, source));
    if (found.has_value()) return *found;
    return Invalid(name, "assumes its role with " +
                             (source.empty() ? "profile '" + source_profile + "'" : "credential_source " + source) +
                             ", which has no credentials");
  }

  FoundCredentials FromSource(const std::string& name, const std::string& source) const {
    if (source == "Environment") return EnvironmentCredentials(surroundings_);
    if (source == "EcsContainer") return ContainerCredentials(surroundings_);
    if (source == "Ec2InstanceMetadata") return InstanceCredentials(surroundings_);
    return Invalid(
        name, "has credential_source '" + source + "'; there are Environment, EcsContainer and Ec2InstanceMetadata");
  }

  const AwsSurroundings& surroundings_;
  const AwsProfiles& profiles_;
  const std::string region_;
  std::set<std::string> visited_;
};

}  // namespace

Result<AwsProfiles> LoadProfiles(const AwsSurroundings& surroundings) {
  const std::string home = surroundings.Variable("HOME");
  const auto path = [&](const std::string& variable, const char* name) {
    const std::string given = surroundings.Variable(variable);
    return !given.empty() || home.empty() ? given : home + "/.aws/" + name;
  };
  AwsProfiles profiles;
  K2I_RETURN_IF_ERROR(
      AddFile(path("AWS_CONFIG_FILE", "config"), ProfileFileKind::kConfig, "the AWS configuration", profiles));
  K2I_RETURN_IF_ERROR(AddFile(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ProfileFileKind::kCredentials,
                              "the AWS credentials file", profiles));
  return profiles;
}

FoundCredentials ProfileCredentials(const AwsSurroundings& surroundings, const AwsProfiles& profiles,
                                    const std::string& name, const std::string& region) {
  return Resolver(surroundings, profiles, region).Resolve(name);
}

FoundCredentials EnvironmentCredentials(const AwsSurroundings& surroundings) {
  AwsCredentials keys{.access_key_id = surroundings.Variable("AWS_ACCESS_KEY_ID"),
                      .secret_access_key = surroundings.Variable("AWS_SECRET_ACCESS_KEY"),
                      .session_token = surroundings.Variable("AWS_SESSION_TOKEN")};
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return std::nullopt;
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
    return Fail(ErrorCode::kInvalidConfig, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
  }
  return keys;
}

}  // namespace k2i::net
