// SPDX-License-Identifier: Apache-2.0
//
// The shared configuration files of AWS's tools, ~/.aws/config and ~/.aws/credentials: pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace k2i::net {

using AwsProfile = std::map<std::string, std::string>;  // keys in lower case
using AwsProfiles = std::map<std::string, AwsProfile>;  // by name; "default" too

enum class ProfileFileKind {
  kConfig,       // [default], [profile NAME]; other sections are not profiles
  kCredentials,  // [NAME]
};

/// Adds what `text` says to `profiles`: of a key given twice, the later one counts. Lines that are neither a section
/// nor "key = value" are skipped, and so are indented ones, which belong to the key above them.
void ParseProfiles(std::string_view text, ProfileFileKind kind, AwsProfiles& profiles);

/// The value, or "".
std::string ProfileValue(const AwsProfile& profile, const std::string& key);

}  // namespace k2i::net
