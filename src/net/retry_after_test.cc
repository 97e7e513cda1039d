// SPDX-License-Identifier: Apache-2.0
#include "net/retry_after.h"

#include <gtest/gtest.h>

namespace k2i::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 1999-12-31T23:59:30Z
constexpr int64_t kNow = 946'684'770'000;

std::optional<milliseconds> Read(const std::string& value) {
  return RetryAfter({.status = 503, .headers = {{"retry-after", value}}}, kNow);
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(Read("17"), seconds(17));
  EXPECT_EQ(Read("0"), seconds(0));
  EXPECT_EQ(Read("Fri, 31 Dec 1999 23:59:59 GMT"), seconds(29));
  EXPECT_EQ(Read("Fri, 31 Dec 1999 23:00:00 GMT"), seconds(0));
}

TEST(RetryAfter, IsBounded) {
  EXPECT_EQ(Read("86400"), seconds(300));
  EXPECT_EQ(Read("99999999999999999999999999"), seconds(300));
  EXPECT_EQ(Read("-5"), seconds(0));
  EXPECT_EQ(Read("Sat, 31 Dec 2022 23:59:59 GMT"), seconds(300));
}

TEST(RetryAfter, IsNothingWhereItCannotBeRead) {
  for (const char* value : {"", "soon", "17 s", "1.5", "Friday"}) EXPECT_EQ(Read(value), std::nullopt) << value;
  EXPECT_EQ(RetryAfter({.status = 503}, kNow), std::nullopt);
}

}  // namespace
}  // namespace k2i::net
