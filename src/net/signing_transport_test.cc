// SPDX-License-Identifier: Apache-2.0
#include "net/signing_transport.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "net/scripted_transport_testing.h"

namespace k2i::net {
namespace {

/// "key1", "key2" …: the next one after each refusal.
class NumberedCredentials final : public AwsCredentialsSource {
 public:
  Result<AwsCredentials> Credentials() override {
    if (failure.has_value()) return std::unexpected(*failure);
    return AwsCredentials{"key" + std::to_string(number_), "secret", "token"};
  }
  bool Refused(const AwsCredentials&) override { return ++number_ > 0; }
  std::optional<Error> failure;

 private:
  int number_ = 1;
};

class SigningTransportTest : public ::testing::Test {
 protected:
  std::string KeyOf(const HttpRequest& request) {
    const std::string authorization = HeaderOf(request, "Authorization");
    const size_t begin = authorization.find("Credential=") + 11;
    return authorization.substr(begin, authorization.find('/', begin) - begin);
  }

  ManualClock clock_{1'440'938'160'000};
  ScriptedTransport inner_;
  NumberedCredentials credentials_;
  SigningTransport transport_{inner_, credentials_, clock_, {"eu-west-1", "glue"}};
};

TEST_F(SigningTransportTest, SignsEachRequestWithTheTimeOfItsSending) {
  inner_.Answer(200);
  inner_.Answer(200);
  const HttpRequest request{.method = "POST", .url = "https://h/", .headers = {{"Accept", "x"}}, .body = "{}"};
  ASSERT_TRUE(transport_.Send(request).has_value());
  clock_.Advance(std::chrono::seconds(61));
  ASSERT_TRUE(transport_.Send(request).has_value());
  EXPECT_EQ(HeaderOf(inner_.requests()[0], "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(HeaderOf(inner_.requests()[1], "X-Amz-Date"), "20150830T123701Z");
  EXPECT_EQ(HeaderOf(inner_.last_request(), "X-Amz-Security-Token"), "token");
  EXPECT_EQ(inner_.last_request().body, "{}");
  EXPECT_TRUE(HeaderOf(inner_.last_request(), "Authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=key1/20150830/eu-west-1/glue/aws4_request, SignedHeaders="
                               "accept;host;x-amz-date;x-amz-security-token, Signature="));
}

TEST_F(SigningTransportTest, KeepsABearerTokenUnderAnotherName) {
  inner_.Answer(200);
  ASSERT_TRUE(transport_.Send({.url = "https://h/", .headers = {{"Authorization", "Bearer t"}}}).has_value());
  EXPECT_EQ(HeaderOf(inner_.last_request(), "Original-Authorization"), "Bearer t");
  EXPECT_EQ(KeyOf(inner_.last_request()), "key1");
}

TEST_F(SigningTransportTest, AsksOnceMoreWithOtherCredentials) {
  inner_.Answer(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
  inner_.Answer(403, R"({"__type":"UnrecognizedClientException"})");
  const auto response = transport_.Send({.url = "https://h/"});
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(KeyOf(inner_.last_request()), "key2");
  EXPECT_EQ(inner_.requests().size(), 2u);
}

TEST_F(SigningTransportTest, ADeniedRequestStaysDenied) {
  inner_.Answer(403, R"({"__type":"AccessDeniedException"})");
  EXPECT_EQ(transport_.Send({.url = "https://h/"})->status, 403);
  EXPECT_EQ(inner_.requests().size(), 1u);
}

TEST_F(SigningTransportTest, WithoutCredentialsNothingIsSent) {
  credentials_.failure = Error{ErrorCode::kTimeout, "no answer"};
  EXPECT_EQ(transport_.Send({.url = "https://h/"}).error().code, ErrorCode::kUnavailable);
  credentials_.failure = Error{ErrorCode::kPermissionDenied, "none found"};
  const Error error = transport_.Send({.url = "https://h/"}).error();
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(error.message, "AWS credentials: none found");
  EXPECT_TRUE(inner_.requests().empty());
}

}  // namespace
}  // namespace k2i::net
