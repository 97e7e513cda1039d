// SPDX-License-Identifier: Apache-2.0
#include "io/guarded_store.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "io/memory_object_store_testing.h"

namespace k2i::io {
namespace {

class GuardedStoreTest : public testing::Test {
 protected:
  GuardedStoreTest() {
    inner_.set_fault_hook([this](const StoreCall&) -> Status {
      ++calls_;
      return down_ ? Fail(ErrorCode::kUnavailable, "503", Component::kStorage) : Status{};
    });
  }

  ManualClock clock_;
  Random random_{1};
  MemoryObjectStore inner_{&clock_};
  CircuitBreaker breaker_{"store", {.failure_threshold = 2}, clock_, random_};
  GuardedStore store_{inner_, breaker_};
  bool down_ = false;
  int calls_ = 0;
};

TEST_F(GuardedStoreTest, RefusesWithoutAskingAndPassesOnAgainLater) {
  ASSERT_TRUE(store_.Create("/a", "x").has_value());
  down_ = true;
  EXPECT_FALSE(store_.Read("/a").has_value());
  EXPECT_FALSE(store_.Stat("/a").has_value());
  const int asked = calls_;
  for (int i = 0; i < 5; ++i) {
    const auto refused = store_.List("/");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(refused.error().component, Component::kStorage);
  }
  EXPECT_EQ(calls_, asked);
  down_ = false;
  clock_.Advance(std::chrono::seconds(15));
  EXPECT_EQ(store_.Read("/a").value(), "x");
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kClosed);
}

TEST_F(GuardedStoreTest, WhatIsMissingIsAnAnswer) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(store_.Read("/none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kClosed);
}

TEST_F(GuardedStoreTest, CountsManyDeletionsAsOneCall) {
  const std::vector<std::string> locations = {"/a", "/b"};
  down_ = true;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(store_.DeleteMany(locations)[1].error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kOpen);
  const int asked = calls_;
  const auto refused = store_.DeleteMany(locations);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(calls_, asked);
  down_ = false;
  clock_.Advance(std::chrono::seconds(15));
  EXPECT_TRUE(store_.DeleteMany(locations)[0].has_value());
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kClosed);
}

TEST_F(GuardedStoreTest, WatchesFilesThatAreBeingWritten) {
  auto first = store_.OpenForWrite("/a").value();
  auto second = store_.OpenForWrite("/b").value();
  down_ = true;
  EXPECT_FALSE(first->Append("x").has_value());
  EXPECT_FALSE(second->Close().has_value());
  EXPECT_EQ(breaker_.state(), CircuitBreaker::State::kOpen);
  EXPECT_FALSE(store_.OpenForWrite("/c").has_value());
}

}  // namespace
}  // namespace k2i::io
