// SPDX-License-Identifier: Apache-2.0
//
// base: what every other module stands on. Errors and Result, Clock, identifiers, retry, executors, bounded queues,
// logging and the metrics registry. It knows nothing of Kafka or Iceberg.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace k2i {

/// What the caller does next is what tells codes apart; see docs/adr/0003-error-type.md.
enum class ErrorCode {
  kInvalidConfig,       // the user must change the configuration
  kInvalidArgument,     // input that cannot be used: a bad record, an illegal schema
  kNotFound,            // a table, topic, file or key that is not there
  kAlreadyExists,       // created by somebody else meanwhile
  kPermissionDenied,    // credentials or rights are wrong; a retry does not help
  kUnavailable,         // cannot be reached or overloaded; retry with backoff
  kTimeout,             // no answer in time, and the request had no effect that matters; retry
  kCancelled,           // we were asked to stop
  kCommitConflict,      // the catalog definitely refused: the base moved; rebase and try again
  kCommitStateUnknown,  // the catalog may or may not have committed; read the table, delete nothing
  kFenced,              // another owner has committed these rows
  kDataLoss,            // Kafka no longer holds the offsets the table asks for
  kCorruption,          // bytes that fail their checksum or their format
  kResourceExhausted,   // disk, memory or quota is full
  kNotSupported,        // legal, but not something this version does
  kInternal,            // our own bug, or a library's
};

/// Which part failed; decides the exit code of the process (interface.md).
enum class Component { kNone, kConfig, kKafka, kCatalog, kStorage, kTransactionLog };

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // what is wrong and, where we know it, what to do
  Component component = Component::kNone;

  /// `context: message`; the code and the component stay.
  Error With(std::string_view context) const;
  /// The same error, attributed to `part` unless it already has a component.
  Error In(Component part) const;
  /// "CommitConflict: message"
  std::string ToString() const;
  /// True for kUnavailable, kTimeout and kResourceExhausted: the same call may succeed later.
  bool retryable() const;
};

std::string_view ToString(ErrorCode code);
std::string_view ToString(Component component);

/// Exit code of the process for `error`: 1 configuration, 2 Kafka, 3 catalog, 4 storage, 5 transaction log, 10 other.
int ExitCode(const Error& error);

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> Fail(ErrorCode code, std::string message, Component component = Component::kNone) {
  return std::unexpected<Error>(Error{code, std::move(message), component});
}

}  // namespace k2i

#define K2I_CONCAT_INNER(a, b) a##b
#define K2I_CONCAT(a, b) K2I_CONCAT_INNER(a, b)

/// Returns the error of a Status or Result expression to the caller.
#define K2I_RETURN_IF_ERROR(expr)                                          \
  do {                                                                     \
    if (auto k2i_status = (expr); !k2i_status.has_value()) {               \
      return std::unexpected<::k2i::Error>(std::move(k2i_status).error()); \
    }                                                                      \
  } while (false)

/// K2I_ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or the error is returned.
#define K2I_ASSIGN_OR_RETURN(lhs, expr) K2I_ASSIGN_OR_RETURN_INNER(K2I_CONCAT(k2i_result_, __LINE__), lhs, expr)
#define K2I_ASSIGN_OR_RETURN_INNER(result, lhs, expr)                                       \
  auto result = (expr);                                                                     \
  if (!result.has_value()) return std::unexpected<::k2i::Error>(std::move(result).error()); \
  lhs = std::move(result).value()
