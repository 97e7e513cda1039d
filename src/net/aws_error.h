// SPDX-License-Identifier: Apache-2.0
//
// What an AWS service says is wrong, in whichever of its protocols: JSON ("__type", "x-amzn-errortype") or XML
// ("<Code>").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace k2i::net {

struct AwsError {
  std::string code;     // "ThrottlingException", without the namespace in front of it; empty: the answer names none
  std::string message;  // the service's own words
};

/// REQUIRES: !response.ok().
AwsError ReadAwsError(const HttpResponse& response);

/// Codes that mean the same for every service: who asks, when, and how often. nullopt: the service's own business.
/// - PermissionDenied: keys or signature refused, rights missing, clock skewed.
/// - Unavailable: throttled, or the service is down for now.
std::optional<ErrorCode> CodeOfCommonAwsError(std::string_view code);

/// What a user can do about a refusal: "; …" to be put after the service's words, or "".
std::string AdviceFor(std::string_view code);

/// True where the service has put the request off unread: it has surely not been acted on.
bool MeansThrottled(std::string_view code);

/// True where other credentials may be taken: these have expired, or are no longer known.
bool MeansStaleCredentials(std::string_view code);

/// The text of the first <tag> in `xml`; nullopt: there is none, or it is no XML. For the flat answers of STS and the
/// errors of S3.
std::optional<std::string> XmlText(std::string_view xml, std::string_view tag);

}  // namespace k2i::net
