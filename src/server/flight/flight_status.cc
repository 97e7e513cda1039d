// SPDX-License-Identifier: Apache-2.0
#include "server/flight/flight_status.h"

#include <arrow/flight/types.h>

namespace k2i::server::flight {
namespace {

using arrow::flight::FlightStatusCode;
using arrow::flight::MakeFlightError;

arrow::Status Translate(ErrorCode code, std::string text) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return arrow::Status::Invalid(std::move(text));
    case ErrorCode::kNotFound:
      return arrow::Status::KeyError(std::move(text));
    case ErrorCode::kAlreadyExists:
      return arrow::Status::AlreadyExists(std::move(text));
    case ErrorCode::kNotSupported:
      return arrow::Status::NotImplemented(std::move(text));
    case ErrorCode::kCancelled:
      return MakeFlightError(FlightStatusCode::Cancelled, std::move(text));
    case ErrorCode::kTimeout:
      return MakeFlightError(FlightStatusCode::TimedOut, std::move(text));
    case ErrorCode::kPermissionDenied:
      return MakeFlightError(FlightStatusCode::Unauthorized, std::move(text));
    // Flight has no RESOURCE_EXHAUSTED; like it, this one says: later.
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
      return MakeFlightError(FlightStatusCode::Unavailable, std::move(text));
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kCommitConflict:
    case ErrorCode::kCommitStateUnknown:
    case ErrorCode::kFenced:
    case ErrorCode::kDataLoss:
    case ErrorCode::kCorruption:
    case ErrorCode::kInternal:
      break;
  }
  return MakeFlightError(FlightStatusCode::Internal, std::move(text));
}

}  // namespace

arrow::Status ToFlightStatus(const Error& error) { return Translate(error.code, error.ToString()); }

Error FromArrow(const arrow::Status& status) {
  return Error{status.IsOutOfMemory() ? ErrorCode::kResourceExhausted : ErrorCode::kInternal, status.ToString()};
}

}  // namespace k2i::server::flight
