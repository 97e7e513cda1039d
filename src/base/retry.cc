// SPDX-License-Identifier: Apache-2.0
#include "base/retry.h"

#include <algorithm>

namespace k2i {

Duration BackoffBefore(const RetryPolicy& policy, int attempt, Random& random) {
  const int doublings = std::clamp(attempt - 1, 0, 30);
  const int64_t step = std::min(policy.initial_backoff.count() << doublings, policy.max_backoff.count());
  return Duration(step / 2 + static_cast<int64_t>(random.Unit() * static_cast<double>(step - step / 2)));
}

bool WaitBeforeRetry(const RetryPolicy& policy, RetryContext& context, const Error& error, int attempt,
                     Duration started) {
  if (!error.retryable() || context.stop.stop_requested()) return false;
  if (policy.max_attempts > 0 && attempt >= policy.max_attempts) return false;
  const Duration backoff = BackoffBefore(policy, attempt, context.random);
  const Duration elapsed = context.clock.monotonic() - started;
  if (policy.budget.count() > 0 && elapsed + backoff > policy.budget) return false;
  if (context.on_retry) context.on_retry(error, attempt, backoff);
  return context.clock.SleepFor(backoff, context.stop);
}

}  // namespace k2i
