// SPDX-License-Identifier: Apache-2.0
#include "base/retry.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"

namespace k2i {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RetryTest : public testing::Test {
 protected:
  /// Calls that fail with `code` until the `successes_at`th.
  Result<int> Run(const RetryPolicy& policy, ErrorCode code, int successes_at) {
    return Retry(policy, {clock_, random_, stop_.get_token(), {}}, [&]() -> Result<int> {
      if (++calls_ < successes_at) return Fail(code, "not yet");
      return calls_;
    });
  }

  ManualClock clock_;
  Random random_{42};
  std::stop_source stop_;
  int calls_ = 0;
};

TEST_F(RetryTest, GoesOnUntilSuccess) {
  EXPECT_EQ(Run({.max_attempts = 5}, ErrorCode::kUnavailable, 3).value(), 3);
  EXPECT_EQ(calls_, 3);
}

TEST_F(RetryTest, PermanentErrorsAreNotRetried) {
  for (const auto code : {ErrorCode::kPermissionDenied, ErrorCode::kCommitConflict, ErrorCode::kCommitStateUnknown}) {
    calls_ = 0;
    EXPECT_EQ(Run({}, code, 3).error().code, code);
    EXPECT_EQ(calls_, 1);
  }
}

TEST_F(RetryTest, StopsAfterMaxAttempts) {
  EXPECT_EQ(Run({.max_attempts = 4}, ErrorCode::kTimeout, 100).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(calls_, 4);
}

TEST_F(RetryTest, KeepsWithinItsBudget) {
  const auto started = clock_.monotonic();
  const RetryPolicy policy{.max_attempts = 0, .initial_backoff = milliseconds(100), .budget = seconds(5)};
  EXPECT_FALSE(Run(policy, ErrorCode::kUnavailable, 1'000'000).has_value());
  EXPECT_LE(clock_.monotonic() - started, seconds(5));
  EXPECT_GT(calls_, 3);
}

TEST_F(RetryTest, EndsWhenAskedToStop) {
  stop_.request_stop();
  EXPECT_FALSE(Run({}, ErrorCode::kUnavailable, 3).has_value());
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, BackoffDoublesWithJitterUpToItsBound) {
  const RetryPolicy policy{.initial_backoff = milliseconds(100), .max_backoff = seconds(1)};
  for (int attempt = 1; attempt < 60; ++attempt) {
    const Duration step = std::min<Duration>(milliseconds(100) * (1LL << std::min(attempt - 1, 20)), seconds(1));
    const Duration backoff = BackoffBefore(policy, attempt, random_);
    EXPECT_GE(backoff, step / 2);
    EXPECT_LE(backoff, step);
  }
}

}  // namespace
}  // namespace k2i
