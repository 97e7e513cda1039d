// SPDX-License-Identifier: Apache-2.0
#include "base/circuit_breaker.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock_testing.h"

namespace k2i {
namespace {

using State = CircuitBreaker::State;

class CircuitBreakerTest : public testing::Test {
 protected:
  Status Call(Status answer) {
    return breaker_.Run([&] {
      ++calls_;
      return answer;
    });
  }
  static Status Down() { return Fail(ErrorCode::kUnavailable, "connection refused", Component::kCatalog); }

  ManualClock clock_;
  Random random_{1};
  std::vector<State> changes_;
  CircuitBreaker breaker_{"catalog",
                          {.failure_threshold = 3, .open_for = std::chrono::seconds(10)},
                          clock_,
                          random_,
                          [this](State state, const auto&) { changes_.push_back(state); }};
  int calls_ = 0;
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARowAndRefusesWithTheirReason) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Call(Down()).has_value());
  EXPECT_EQ(breaker_.state(), State::kOpen);
  const auto refused = Call({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().component, Component::kCatalog);
  EXPECT_NE(refused.error().message.find("connection refused"), std::string::npos);
  EXPECT_EQ(calls_, 3);
}

TEST_F(CircuitBreakerTest, AnAnswerBetweenFailuresStartsTheCountAnew) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Call(Down()).has_value());
    EXPECT_FALSE(Call(Down()).has_value());
    // The service answers, though not as the caller would like.
    EXPECT_FALSE(Call(Fail(ErrorCode::kCommitConflict, "moved")).has_value());
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, AnUnknownOutcomeAndATimeoutAreFailures) {
  EXPECT_FALSE(Call(Fail(ErrorCode::kCommitStateUnknown, "?")).has_value());
  EXPECT_FALSE(Call(Fail(ErrorCode::kTimeout, "slow")).has_value());
  EXPECT_FALSE(Call(Fail(ErrorCode::kCommitStateUnknown, "?")).has_value());
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, OneProbeDecides) {
  for (int i = 0; i < 3; ++i) (void)Call(Down());
  clock_.Advance(std::chrono::seconds(15));  // the longest that chance allows
  EXPECT_FALSE(Call(Down()).has_value());
  EXPECT_EQ(calls_, 4);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_FALSE(Call({}).has_value());
  EXPECT_EQ(calls_, 4);
  clock_.Advance(std::chrono::seconds(15));
  EXPECT_TRUE(Call({}).has_value());
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_EQ(changes_, (std::vector{State::kOpen, State::kHalfOpen, State::kOpen, State::kHalfOpen, State::kClosed}));
}

TEST_F(CircuitBreakerTest, WhileAProbeIsUnderWayOthersAreRefused) {
  for (int i = 0; i < 3; ++i) (void)Call(Down());
  clock_.Advance(std::chrono::seconds(15));
  ASSERT_FALSE(breaker_.Admit().has_value());
  EXPECT_TRUE(breaker_.Admit().has_value());
  breaker_.Observe(std::nullopt);
  EXPECT_FALSE(breaker_.Admit().has_value());
}

TEST(CircuitBreakerOffTest, AThresholdOfZeroNeverOpens) {
  ManualClock clock;
  Random random(1);
  CircuitBreaker breaker("catalog", {.failure_threshold = 0}, clock, random);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(breaker.Run([]() -> Status { return Fail(ErrorCode::kTimeout, "slow"); }).has_value());
  }
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::kClosed);
}

}  // namespace
}  // namespace k2i
