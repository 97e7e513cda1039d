// SPDX-License-Identifier: Apache-2.0
#include "io/s3_error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace k2i::io {

namespace {

constexpr int64_t kFirstDelayMs = 100;
constexpr int64_t kLongestDelayMs = 5'000;

thread_local std::optional<ErrorCode> last_on_this_thread;
thread_local std::string_view advice_on_this_thread;

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
    NamedError{"EntityTooLarge", ErrorCode::kInvalidArgument},
    NamedError{"ExpiredToken", ErrorCode::kPermissionDenied},
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
    NamedError{"PermanentRedirect", ErrorCode::kInvalidConfig},
    NamedError{"PreconditionFailed", ErrorCode::kAlreadyExists},
    NamedError{"QuotaExceeded", ErrorCode::kResourceExhausted},
    NamedError{"RequestTimeTooSkewed", ErrorCode::kPermissionDenied},
    NamedError{"RequestTimeout", ErrorCode::kTimeout},
    NamedError{"ServiceUnavailable", ErrorCode::kUnavailable},
    NamedError{"SignatureDoesNotMatch", ErrorCode::kPermissionDenied},
    NamedError{"SlowDown", ErrorCode::kUnavailable},
    NamedError{"XMinioStorageFull", ErrorCode::kResourceExhausted},
};

/// Values of Aws::Client::CoreErrors (aws-sdk-cpp, CoreErrors.h), whose header the Arrow packages do not carry. The SDK
/// derives them from the HTTP status where an answer has no body, as those to HEAD.
std::optional<ErrorCode> CodeOfCoreError(int error_type) {
  switch (error_type) {
    case 1:    // INTERNAL_FAILURE
    case 12:   // SERVICE_UNAVAILABLE
    case 13:   // THROTTLING
    case 19:   // SLOW_DOWN
    case 99:   // NETWORK_CONNECTION
    case 103:  // ENDPOINT_RESOLUTION_FAILURE
      return ErrorCode::kUnavailable;
    case 24:  // REQUEST_TIMEOUT
      return ErrorCode::kTimeout;
    case 0:    // INCOMPLETE_SIGNATURE
    case 3:    // INVALID_CLIENT_TOKEN_ID
    case 8:    // MISSING_AUTHENTICATION_TOKEN
    case 10:   // OPT_IN_REQUIRED
    case 11:   // REQUEST_EXPIRED
    case 15:   // ACCESS_DENIED
    case 17:   // UNRECOGNIZED_CLIENT
    case 20:   // REQUEST_TIME_TOO_SKEWED
    case 21:   // INVALID_SIGNATURE
    case 22:   // SIGNATURE_DOES_NOT_MATCH
    case 23:   // INVALID_ACCESS_KEY_ID
    case 101:  // CLIENT_SIGNING_FAILURE: no credentials were found
      return ErrorCode::kPermissionDenied;
    case 16:  // RESOURCE_NOT_FOUND
      return ErrorCode::kNotFound;
    case 4:   // INVALID_PARAMETER_COMBINATION
    case 5:   // INVALID_QUERY_PARAMETER
    case 6:   // INVALID_PARAMETER_VALUE
    case 9:   // MISSING_PARAMETER
    case 14:  // VALIDATION
      return ErrorCode::kInvalidArgument;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<ErrorCode> CodeOfS3Error(int error_type, std::string_view exception_name) {
  const auto named = std::ranges::find(kNamedErrors, exception_name, &NamedError::name);
  if (named != kNamedErrors.end()) return named->code;
  return CodeOfCoreError(error_type);
}

std::string_view AdviceOnS3Error(int error_type, std::string_view exception_name) {
  static constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
      {"RequestTimeTooSkewed", "set this machine's clock: it is more than 15 minutes off"},
      {"PermanentRedirect", "the bucket is in another region: set storage.region"},
      {"AuthorizationHeaderMalformed", "the bucket is in another region: set storage.region"},
      {"InvalidAccessKeyId", "this access key is unknown there"},
      {"SignatureDoesNotMatch", "the secret does not belong to this access key"},
      {"ExpiredToken", "these temporary credentials have ended"},
      {"NoSuchBucket", "make the bucket, or correct its name"}};
  const auto found = std::ranges::find(kAdvice, exception_name, &std::pair<std::string_view, std::string_view>::first);
  if (found != std::end(kAdvice)) return found->second;
  // CLIENT_SIGNING_FAILURE
  return error_type == 101 ? "no credentials were found: set access_key_id, a profile or a role" : "";
}

bool S3ErrorLog::ShouldRetry(const AWSErrorDetail& error, int64_t attempted_retries) {
  last_on_this_thread = CodeOfS3Error(error.error_type, error.exception_name);
  advice_on_this_thread = AdviceOnS3Error(error.error_type, error.exception_name);
  last_of_any_thread_ = last_on_this_thread ? static_cast<int>(*last_on_this_thread) : -1;
  return error.should_retry && attempted_retries + 1 < max_attempts_;
}

int64_t S3ErrorLog::CalculateDelayBeforeNextRetry(const AWSErrorDetail& error, int64_t attempted_retries) {
  // The SDK asks for the delay before it asks whether to retry at all, and only then gives up.
  if (!error.should_retry || attempted_retries + 1 >= max_attempts_) return 0;
  const int64_t step = std::min(kLongestDelayMs, kFirstDelayMs << std::min<int64_t>(attempted_retries, 10));
  return step / 2 + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(step / 2)));
}

void S3ErrorLog::Clear() {
  last_on_this_thread.reset();
  advice_on_this_thread = {};
}

std::string S3ErrorLog::Advice() { return std::string(advice_on_this_thread); }

std::optional<ErrorCode> S3ErrorLog::last(bool any_thread) const {
  if (last_on_this_thread.has_value() || !any_thread) return last_on_this_thread;
  const int code = last_of_any_thread_;
  return code < 0 ? std::nullopt : std::optional(static_cast<ErrorCode>(code));
}

}  // namespace k2i::io
