// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_error.h"

#include <nlohmann/json.hpp>
#include <string>

namespace k2i::iceberg {

namespace {

using nlohmann::json;

constexpr size_t kLongestExcerptBytes = 200;

std::string StringMember(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// "NoSuchTableException: Table does not exist: db.t" of an IcebergErrorResponse; the beginning of any other text.
std::string WordsOfServer(const std::string& body) {
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto error = answer.is_object() ? answer.find("error") : answer.end();
  if (answer.is_object() && error != answer.end() && error->is_object()) {
    const std::string type = StringMember(*error, "type");
    return (type.empty() ? "" : type + ": ") + StringMember(*error, "message");
  }
  return body.substr(0, kLongestExcerptBytes);
}

ErrorCode CodeOfConflict(RestOperation operation) {
  switch (operation) {
    case RestOperation::kCommit:
      return ErrorCode::kCommitConflict;
    case RestOperation::kCreate:
      return ErrorCode::kAlreadyExists;
    case RestOperation::kRead:
    case RestOperation::kDrop:
      return ErrorCode::kInvalidArgument;
  }
  return ErrorCode::kInternal;
}

ErrorCode CodeOfStatus(RestOperation operation, int status) {
  const bool commit = operation == RestOperation::kCommit;
  switch (status) {
    case 401:
    case 403:
    case 419:
      return ErrorCode::kPermissionDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 406:
    case 501:
      return ErrorCode::kNotSupported;  // UnsupportedOperationException
    // A proxy gave up waiting, for one side or the other.
    case 408:
      return commit ? ErrorCode::kCommitStateUnknown : ErrorCode::kTimeout;
    case 409:
      return CodeOfConflict(operation);
    case 429:
      return ErrorCode::kUnavailable;
    default:
      break;
  }
  if (status >= 400 && status < 500) return ErrorCode::kInvalidArgument;
  // 5xx, and what has no business here, such as a redirect or a lone 1xx.
  return commit ? ErrorCode::kCommitStateUnknown : ErrorCode::kUnavailable;
}

}  // namespace

Error ErrorOfAnswer(RestOperation operation, const net::HttpResponse& response, std::string_view what) {
  const std::string words = WordsOfServer(response.body);
  return Error{CodeOfStatus(operation, response.status),
               std::string(what) + ": HTTP " + std::to_string(response.status) + (words.empty() ? "" : ": " + words),
               Component::kCatalog};
}

Error ErrorOfTransport(RestOperation operation, const Error& error, std::string_view what) {
  Error mapped = error.With(what).In(Component::kCatalog);
  const bool may_have_been_sent = error.code == ErrorCode::kTimeout || error.code == ErrorCode::kResourceExhausted;
  if (operation == RestOperation::kCommit && may_have_been_sent) mapped.code = ErrorCode::kCommitStateUnknown;
  return mapped;
}

Error ErrorOfBody(RestOperation operation, const Error& error, std::string_view what) {
  Error mapped = error.With(what).In(Component::kCatalog);
  if (operation == RestOperation::kCommit) mapped.code = ErrorCode::kCommitStateUnknown;
  return mapped;
}

}  // namespace k2i::iceberg
