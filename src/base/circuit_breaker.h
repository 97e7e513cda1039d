// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace k2i {

/// Stops calling a service that does not answer, so that it is not called by everybody when it comes back, and so that
/// callers do not wait for time-outs.
///
///   closed     calls go through; `failure_threshold` failures in a row open it
///   open       calls are refused at once with Unavailable, for `open_for`
///   half-open  one call goes through; its success closes the breaker, its failure opens it again
///
/// A failure is an error that tells of the service, not of the request: Unavailable, Timeout, CommitStateUnknown. Every
/// other answer shows that the service works. Thread-safe.
class CircuitBreaker {
 public:
  enum class State { kClosed = 0, kHalfOpen = 1, kOpen = 2 };
  struct Options {
    int failure_threshold = 5;                     // 0: never opens
    Duration open_for = std::chrono::seconds(10);  // up to half as long again, by chance, so that processes spread
  };
  /// Told of every change, outside the lock; the error is the one that opened it.
  using OnChange = std::function<void(State, const std::optional<Error>&)>;

  /// `name` stands in errors: "catalog". `clock` and `random` must outlive this.
  CircuitBreaker(std::string name, Options options, Clock& clock, Random& random, OnChange on_change = {});

  /// Makes the call if it may be made now, and looks at how it went. `call` returns Status or Result<T>.
  template <typename Call>
  auto Run(Call call) -> decltype(call()) {
    if (auto refused = Admit()) return std::unexpected(std::move(*refused));
    auto result = call();
    Observe(result ? std::nullopt : std::optional(result.error()));
    return result;
  }

  /// nullopt: the call may be made, and Observe must follow. Unavailable otherwise.
  std::optional<Error> Admit();
  void Observe(const std::optional<Error>& error);

  State state() const;

 private:
  static bool IsFailure(const Error& error);

  const std::string name_;
  const Options options_;
  Clock& clock_;
  Random& random_;
  const OnChange on_change_;
  mutable std::mutex mutex_;
  State state_ = State::kClosed;
  int failures_ = 0;
  bool probing_ = false;
  Duration open_until_{0};
  std::optional<Error> last_error_;
};

std::string_view ToString(CircuitBreaker::State state);

}  // namespace k2i
