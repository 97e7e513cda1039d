// SPDX-License-Identifier: Apache-2.0
#include "io/s3_error.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/aws_error.h"

namespace k2i::io {

namespace {

struct NamedError {
  std::string_view name;
  ErrorCode code;
};

/// S3 API reference, "List of error codes".
constexpr std::array kNamedErrors = {
    NamedError{"AccessDenied", ErrorCode::kPermissionDenied},
    NamedError{"AccountProblem", ErrorCode::kPermissionDenied},
    NamedError{"AllAccessDisabled", ErrorCode::kPermissionDenied},
    NamedError{"AuthorizationHeaderMalformed", ErrorCode::kPermissionDenied},
    NamedError{"BadDigest", ErrorCode::kUnavailable},
    NamedError{"ConditionalRequestConflict", ErrorCode::kUnavailable},
    NamedError{"EntityTooLarge", ErrorCode::kInvalidArgument},
    NamedError{"ExpiredToken", ErrorCode::kPermissionDenied},
    NamedError{"IncompleteBody", ErrorCode::kUnavailable},
    NamedError{"InternalError", ErrorCode::kUnavailable},
    NamedError{"InvalidAccessKeyId", ErrorCode::kPermissionDenied},
    NamedError{"InvalidArgument", ErrorCode::kInvalidArgument},
    NamedError{"InvalidBucketName", ErrorCode::kInvalidArgument},
    NamedError{"InvalidObjectState", ErrorCode::kPermissionDenied},
    NamedError{"InvalidRequest", ErrorCode::kInvalidArgument},
    NamedError{"InvalidSecurity", ErrorCode::kPermissionDenied},
    NamedError{"InvalidToken", ErrorCode::kPermissionDenied},
    NamedError{"KeyTooLongError", ErrorCode::kInvalidArgument},
    NamedError{"MethodNotAllowed", ErrorCode::kPermissionDenied},
    NamedError{"NoSuchBucket", ErrorCode::kNotFound},
    NamedError{"NoSuchKey", ErrorCode::kNotFound},
    NamedError{"NoSuchUpload", ErrorCode::kUnavailable},
    NamedError{"NotImplemented", ErrorCode::kNotSupported},
    NamedError{"OperationAborted", ErrorCode::kUnavailable},
    NamedError{"PermanentRedirect", ErrorCode::kInvalidConfig},
    NamedError{"PreconditionFailed", ErrorCode::kAlreadyExists},
    NamedError{"QuotaExceeded", ErrorCode::kResourceExhausted},
    NamedError{"RequestTimeTooSkewed", ErrorCode::kPermissionDenied},
    NamedError{"RequestTimeout", ErrorCode::kTimeout},
    NamedError{"ServiceUnavailable", ErrorCode::kUnavailable},
    NamedError{"SignatureDoesNotMatch", ErrorCode::kPermissionDenied},
    NamedError{"SlowDown", ErrorCode::kUnavailable},
    NamedError{"TokenRefreshRequired", ErrorCode::kPermissionDenied},
    NamedError{"XAmzContentSHA256Mismatch", ErrorCode::kUnavailable},
    NamedError{"XMinioStorageFull", ErrorCode::kResourceExhausted},
};

ErrorCode CodeOfStatus(int status) {
  switch (status) {
    case 301:
    case 307:
      return ErrorCode::kInvalidConfig;
    case 401:
    case 403:
    case 405:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 408:
      return ErrorCode::kTimeout;
    case 409:
    case 429:
      return ErrorCode::kUnavailable;
    case 412:
      return ErrorCode::kAlreadyExists;
    case 501:
      return ErrorCode::kNotSupported;
    case 507:
      return ErrorCode::kResourceExhausted;
    default:
      return status >= 500 || status < 300 ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument;
  }
}

}  // namespace

S3Refusal ReadS3Refusal(const net::HttpResponse& response) {
  const net::AwsError said = net::ReadAwsError(response);
  S3Refusal refusal{.status = response.status, .code = said.code, .message = said.message};
  refusal.region = response.header("x-amz-bucket-region");
  if (refusal.region.empty()) refusal.region = net::XmlText(response.body, "Region").value_or("");
  return refusal;
}

ErrorCode CodeOfS3Error(int status, std::string_view name) {
  const auto named = std::ranges::find(kNamedErrors, name, &NamedError::name);
  if (named != kNamedErrors.end()) return named->code;
  return net::CodeOfCommonAwsError(name).value_or(CodeOfStatus(status));
}

std::string_view AdviceOnS3Error(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
      {"RequestTimeTooSkewed", "set this machine's clock: it is more than 15 minutes off"},
      {"PermanentRedirect", "the bucket is in another region: set storage.region"},
      {"AuthorizationHeaderMalformed", "the bucket is in another region: set storage.region"},
      {"InvalidAccessKeyId", "this access key is unknown there"},
      {"SignatureDoesNotMatch", "the secret does not belong to this access key"},
      {"ExpiredToken", "these temporary credentials have ended"},
      {"NoSuchBucket", "make the bucket, or correct its name"}};
  const auto found = std::ranges::find(kAdvice, name, &std::pair<std::string_view, std::string_view>::first);
  return found != std::end(kAdvice) ? found->second : "";
}

bool MayRepeat(const S3Refusal& refusal) {
  if (refusal.code == "NoSuchUpload") return false;  // what was sent of it has gone
  const ErrorCode code = CodeOfS3Error(refusal.status, refusal.code);
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
}

std::string TextOf(const S3Refusal& refusal) {
  std::string text = "HTTP " + std::to_string(refusal.status);
  if (!refusal.code.empty()) text += ": " + refusal.code;
  if (!refusal.message.empty()) text += ": " + refusal.message;
  const bool elsewhere = refusal.status == 301 && refusal.code.empty();
  const std::string_view advice = AdviceOnS3Error(elsewhere ? "PermanentRedirect" : refusal.code);
  if (advice.empty()) return text;
  const bool names_region = advice.ends_with("storage.region") && !refusal.region.empty();
  return text + " (" + std::string(advice) + (names_region ? " = \"" + refusal.region + "\"" : "") + ")";
}

}  // namespace k2i::io
