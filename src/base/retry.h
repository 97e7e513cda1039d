// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace k2i {

/// Exponential backoff with full jitter, bounded in tries and in time.
struct RetryPolicy {
  int max_attempts = 5;  // 0: no bound
  Duration initial_backoff = std::chrono::milliseconds(100);
  Duration max_backoff = std::chrono::seconds(10);
  Duration budget = std::chrono::seconds(60);  // over all tries and sleeps; 0: no bound
};

/// How long to wait before try number `attempt` (1 is the first repeat): uniform in [half, whole] of the exponential
/// step, so that waiters spread but none comes back at once.
Duration BackoffBefore(const RetryPolicy& policy, int attempt, Random& random);

/// What a retried call runs with.
struct RetryContext {
  Clock& clock;
  Random& random;
  std::stop_token stop;
  /// Called before each sleep, for logs and metrics; may be empty.
  std::function<void(const Error&, int attempt, Duration backoff)> on_retry;
};

/// True when `error` may be tried again now: retryable, within attempts and budget. Sleeps the backoff before it says
/// so.
bool WaitBeforeRetry(const RetryPolicy& policy, RetryContext& context, const Error& error, int attempt,
                     Duration started);

/// Calls `call` (returning Result<T>) until it succeeds, fails with an error that is not retryable, or the policy is
/// spent; then returns its last error. Cancelled when `stop` is requested while waiting.
template <typename Call>
auto Retry(const RetryPolicy& policy, RetryContext context, Call call) -> decltype(call()) {
  const Duration started = context.clock.monotonic();
  for (int attempt = 1;; ++attempt) {
    auto result = call();
    if (result.has_value() || !WaitBeforeRetry(policy, context, result.error(), attempt, started)) return result;
  }
}

}  // namespace k2i
