// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace k2i {

Error Error::With(std::string_view context) const {
  return Error{code, std::string(context) + ": " + message, component};
}

Error Error::In(Component part) const { return Error{code, message, component == Component::kNone ? part : component}; }

std::string Error::ToString() const { return std::string(k2i::ToString(code)) + ": " + message; }

bool Error::retryable() const {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout || code == ErrorCode::kResourceExhausted;
}

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidConfig:
      return "InvalidConfig";
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyExists:
      return "AlreadyExists";
    case ErrorCode::kPermissionDenied:
      return "PermissionDenied";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kTimeout:
      return "Timeout";
    case ErrorCode::kCancelled:
      return "Cancelled";
    case ErrorCode::kCommitConflict:
      return "CommitConflict";
    case ErrorCode::kCommitStateUnknown:
      return "CommitStateUnknown";
    case ErrorCode::kFenced:
      return "Fenced";
    case ErrorCode::kDataLoss:
      return "DataLoss";
    case ErrorCode::kCorruption:
      return "Corruption";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kNotSupported:
      return "NotSupported";
    case ErrorCode::kInternal:
      return "Internal";
  }
  return "Internal";
}

std::string_view ToString(Component component) {
  switch (component) {
    case Component::kNone:
      return "none";
    case Component::kConfig:
      return "config";
    case Component::kKafka:
      return "kafka";
    case Component::kCatalog:
      return "catalog";
    case Component::kStorage:
      return "storage";
    case Component::kTransactionLog:
      return "txlog";
  }
  return "none";
}

int ExitCode(const Error& error) {
  if (error.code == ErrorCode::kInvalidConfig) return 1;
  switch (error.component) {
    case Component::kConfig:
      return 1;
    case Component::kKafka:
      return 2;
    case Component::kCatalog:
      return 3;
    case Component::kStorage:
      return 4;
    case Component::kTransactionLog:
      return 5;
    case Component::kNone:
      return 10;
  }
  return 10;
}

}  // namespace k2i
