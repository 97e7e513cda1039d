// SPDX-License-Identifier: Apache-2.0
#include "net/aws_error.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "net/xml.h"

namespace k2i::net {

namespace {

using nlohmann::json;

constexpr size_t kLongestExcerptBytes = 200;

/// "EntityNotFoundException" of "com.amazonaws.glue#EntityNotFoundException:http://…".
std::string BareCode(std::string_view code) {
  code = code.substr(0, code.find(':'));
  if (const size_t hash = code.rfind('#'); hash != code.npos) code.remove_prefix(hash + 1);
  return std::string(code);
}

std::string StringMember(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

AwsError FromJson(const json& answer, std::string_view header) {
  AwsError error{BareCode(header), ""};
  if (error.code.empty()) error.code = BareCode(StringMember(answer, "__type"));
  if (error.code.empty()) error.code = BareCode(StringMember(answer, "code"));
  for (const char* name : {"message", "Message", "errorMessage"}) {
    if (error.message.empty()) error.message = StringMember(answer, name);
  }
  return error;
}

template <size_t N>
bool IsOneOf(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::ranges::find(codes, code) != codes.end();
}

constexpr std::array<std::string_view, 5> kStale = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
                                                    "InvalidAccessKeyId", "UnrecognizedClientException"};
constexpr std::array<std::string_view, 3> kSkewed = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"};
constexpr std::array<std::string_view, 4> kBadSignature = {"SignatureDoesNotMatch", "InvalidSignatureException",
                                                           "IncompleteSignature", "IncompleteSignatureException"};
constexpr std::array<std::string_view, 10> kDenied = {"AccessDenied",
                                                      "AccessDeniedException",
                                                      "MissingAuthenticationToken",
                                                      "MissingAuthenticationTokenException",
                                                      "NotAuthorized",
                                                      "OptInRequired",
                                                      "UnauthorizedException",
                                                      "UnauthorizedOperation",
                                                      "InvalidIdentityToken",
                                                      "ExpiredIdentityToken"};
constexpr std::array<std::string_view, 13> kThrottled = {"Throttling",
                                                         "ThrottlingException",
                                                         "ThrottledException",
                                                         "RequestThrottled",
                                                         "RequestThrottledException",
                                                         "TooManyRequestsException",
                                                         "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",
                                                         "ProvisionedThroughputExceededException",
                                                         "PriorRequestNotComplete",
                                                         "LimitExceededException",
                                                         "SlowDown",
                                                         "EC2ThrottledException"};
constexpr std::array<std::string_view, 5> kDown = {"ServiceUnavailable", "ServiceUnavailableException",
                                                   "InternalFailure", "InternalError", "InternalServerError"};

const XmlElement* FirstOf(const XmlElement& element, std::string_view tag) {
  if (element.name == tag) return &element;
  for (const XmlElement& child : element.children) {
    if (const XmlElement* found = FirstOf(child, tag)) return found;
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> XmlText(std::string_view xml, std::string_view tag) {
  const auto root = ParseXml(xml);
  const XmlElement* found = root.has_value() ? FirstOf(*root, tag) : nullptr;
  return found == nullptr ? std::nullopt : std::optional(found->text);
}

AwsError ReadAwsError(const HttpResponse& response) {
  const json answer = json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const std::string_view header = response.header("x-amzn-errortype");
  if (answer.is_object()) return FromJson(answer, header);
  if (const auto code = XmlText(response.body, "Code")) {
    return {BareCode(*code), XmlText(response.body, "Message").value_or("")};
  }
  return {BareCode(header), response.body.substr(0, kLongestExcerptBytes)};
}

std::optional<ErrorCode> CodeOfCommonAwsError(std::string_view code) {
  const bool refused =
      IsOneOf(code, kStale) || IsOneOf(code, kSkewed) || IsOneOf(code, kBadSignature) || IsOneOf(code, kDenied);
  if (refused) return ErrorCode::kPermissionDenied;
  if (IsOneOf(code, kThrottled) || IsOneOf(code, kDown)) return ErrorCode::kUnavailable;
  return std::nullopt;
}

std::string AdviceFor(std::string_view code) {
  if (IsOneOf(code, kSkewed)) return "; the clock of this machine is wrong: synchronise it (chrony, ntpd)";
  if (IsOneOf(code, kBadSignature)) {
    return "; check the secret access key, the region, and this machine's clock: the signature covers all three";
  }
  if (IsOneOf(code, kStale)) {
    return "; the access key is unknown or its session has expired: renew the credentials, and check that they belong "
           "to this endpoint's account and partition";
  }
  if (IsOneOf(code, kDenied)) return "; the role or user lacks this permission: allow it in its IAM policy";
  return "";
}

bool MeansThrottled(std::string_view code) { return IsOneOf(code, kThrottled); }

bool MeansStaleCredentials(std::string_view code) { return IsOneOf(code, kStale); }

}  // namespace k2i::net
