// SPDX-License-Identifier: Apache-2.0
#include "net/aws/cached_credentials.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"

namespace k2i::net {
namespace {

using std::chrono::seconds;

class CachedCredentialsTest : public ::testing::Test {
 protected:
  Result<AwsCredentials> Fetch() {
    if (failure_.has_value()) return std::unexpected(*failure_);
    AwsCredentials next{"key" + std::to_string(++fetched_), "secret", ""};
    if (lifetime_ms_ > 0) next.expires_at_ms = clock_.wall_ms() + lifetime_ms_;
    return next;
  }
  std::string Key() { return cached_.Credentials().value().access_key_id; }

  ManualClock clock_;
  int fetched_ = 0;
  int64_t lifetime_ms_ = 3'600'000;
  std::optional<Error> failure_;
  CachedAwsCredentials cached_{clock_, [this] { return Fetch(); }};
};

TEST_F(CachedCredentialsTest, RenewsFiveMinutesBeforeTheEnd) {
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(seconds(3'299));
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CachedCredentialsTest, RenewsAtThreeQuartersOfAShortLife) {
  lifetime_ms_ = 60'000;
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(seconds(44));
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CachedCredentialsTest, UsesGoodOnesOnWhileNewOnesCannotBeHad) {
  lifetime_ms_ = 60'000;
  EXPECT_EQ(Key(), "key1");
  failure_ = Error{ErrorCode::kUnavailable, "down"};
  clock_.Advance(seconds(50));
  EXPECT_EQ(Key(), "key1");
  failure_.reset();
  EXPECT_EQ(Key(), "key1");  // not asked again at once
  clock_.Advance(seconds(10));
  failure_ = Error{ErrorCode::kUnavailable, "down"};
  EXPECT_EQ(cached_.Credentials().error().code, ErrorCode::kUnavailable);
  failure_.reset();
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CachedCredentialsTest, LooksAgainOnceRefused) {
  lifetime_ms_ = 0;
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(std::chrono::hours(1'000));
  EXPECT_EQ(Key(), "key1");
  EXPECT_TRUE(cached_.Refused({"key0", "secret", ""}));
  EXPECT_EQ(Key(), "key1");
  EXPECT_TRUE(cached_.Refused({"key1", "secret", ""}));
  EXPECT_EQ(Key(), "key2");
}

TEST_F(CachedCredentialsTest, TakesThoseThatHaveExpiredAlready) {
  lifetime_ms_ = 1;
  EXPECT_EQ(Key(), "key1");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Key(), "key2");
}

}  // namespace
}  // namespace k2i::net
