// SPDX-License-Identifier: Apache-2.0
//
// Errors at the edge to Arrow Flight.
#pragma once

#include <arrow/status.h>

#include <string_view>

#include "base/error.h"

namespace k2i::server::flight {

/// Trailer of a failed call: the name of the ErrorCode, finer than gRPC's status.
inline constexpr char kErrorTrailer[] = "k2i-error";

/// The table of docs/flight.md, "Errors". The message is "Code: message".
arrow::Status ToFlightStatus(const Error& error);

/// An error of the Arrow library itself: Internal, or ResourceExhausted when memory is short.
Error FromArrow(const arrow::Status& status);

}  // namespace k2i::server::flight

/// FLIGHT_ASSIGN_OR_RETURN(auto x, F()): as K2I_ASSIGN_OR_RETURN, for an F that returns an arrow::Result.
#define FLIGHT_ASSIGN_OR_RETURN(lhs, expr) FLIGHT_ASSIGN_OR_RETURN_INNER(K2I_CONCAT(arrow_result_, __LINE__), lhs, expr)
#define FLIGHT_ASSIGN_OR_RETURN_INNER(result, lhs, expr)                                                       \
  auto result = (expr);                                                                                        \
  if (!result.ok()) return std::unexpected<::k2i::Error>(::k2i::server::flight::FromArrow((result).status())); \
  lhs = std::move(result).ValueUnsafe()
