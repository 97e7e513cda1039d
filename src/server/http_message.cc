// SPDX-License-Identifier: Apache-2.0
#include "server/http_message.h"

#include "server/json_text.h"

namespace k2i::server {
namespace {

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kResourceExhausted:
      return 429;
    case ErrorCode::kCancelled:
      return 499;  // as nginx has it; only the log of a proxy sees it
    case ErrorCode::kNotSupported:
      return 501;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kCommitConflict:
    case ErrorCode::kCommitStateUnknown:
    case ErrorCode::kFenced:
    case ErrorCode::kDataLoss:
    case ErrorCode::kCorruption:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

std::string_view HttpRequest::Header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : found->second;
}

HttpAnswer ErrorAnswer(int status, std::string_view code, std::string_view message) {
  HttpAnswer answer{.status = status};
  answer.body = "{\"error\":{\"code\":";
  AppendJsonString(code, &answer.body);
  answer.body += ",\"message\":";
  AppendJsonString(message, &answer.body);
  answer.body += "}}";
  if (status == 429 || status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

HttpAnswer ErrorAnswer(const Error& error) {
  return ErrorAnswer(StatusOf(error.code), ToString(error.code), error.message);
}

}  // namespace k2i::server
