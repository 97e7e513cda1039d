// SPDX-License-Identifier: Apache-2.0
//
// net/aws: who we are to AWS. Credentials from wherever the SDKs of AWS look for them, so that K2I runs with what a
// machine, container or user has already (AWS SDKs and Tools Reference Guide, "Standardized credential providers").
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/aws_credentials.h"
#include "net/http.h"

namespace k2i::net {

/// What a look for credentials runs with; the references must outlive it.
struct AwsSurroundings {
  HttpTransport& http;
  Clock& clock;
  std::map<std::string, std::string> environment;

  /// The variable, or "".
  std::string Variable(const std::string& name) const;
};

/// nullopt: this place is not configured, look in the next. An error: it is, but gives nothing.
using FoundCredentials = Result<std::optional<AwsCredentials>>;

/// A small file without blanks and line ends around its text. InvalidConfig, naming `what`, when it cannot be read.
Result<std::string> ReadSmallFile(const std::string& path, const std::string& what);

/// The JSON that containers and instances answer with. Unavailable for anything else.
Result<AwsCredentials> ParseCredentialsJson(const std::string& body, const std::string& what);

/// "https://glue.eu-west-1.amazonaws.com", in the domain of the region's partition.
std::string AwsEndpoint(const std::string& service, const std::string& region);

/// Milliseconds of "2026-11-27T18:00:00Z"; nullopt for other text.
std::optional<int64_t> ParseExpiration(const std::string& text);

}  // namespace k2i::net
