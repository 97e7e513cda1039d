// SPDX-License-Identifier: Apache-2.0
#include "net/aws/signed_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "net/scripted_transport_testing.h"

namespace k2i::net {
namespace {

using testing::HasSubstr;

TEST(SignedHttp, SignsForTheRegionItFinds) {
  ManualClock clock;
  auto inner = std::make_unique<ScriptedTransport>();
  ScriptedTransport& sent = *inner;
  const auto http = SignedHttp::Make(std::move(inner), clock, {{"AWS_REGION", "eu-west-1"}}, {.keys = {"AK", "s"}},
                                     "glue", "'iceberg.aws_region'");
  ASSERT_TRUE(http.has_value()) << http.error().ToString();
  EXPECT_EQ((*http)->region(), "eu-west-1");
  sent.Answer(200);
  ASSERT_TRUE((*http)->Send({.url = "https://h/"}).has_value());
  EXPECT_THAT(HeaderOf(sent.last_request(), "Authorization"), HasSubstr("Credential=AK/20231114/eu-west-1/glue/"));
}

TEST(SignedHttp, WantsARegion) {
  ManualClock clock;
  const auto http =
      SignedHttp::Make(std::make_unique<ScriptedTransport>(), clock, {}, {}, "glue", "'iceberg.aws_region'");
  ASSERT_FALSE(http.has_value());
  EXPECT_EQ(http.error().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(http.error().message, HasSubstr("set 'iceberg.aws_region'"));
}

}  // namespace
}  // namespace k2i::net
