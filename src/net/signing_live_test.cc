// SPDX-License-Identifier: Apache-2.0
//
// Signatures as a server checks them that is not ours: K2I_TEST_S3_ENDPOINT, _BUCKET, _KEY, _SECRET.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/clock_testing.h"
#include "net/aws_error.h"
#include "net/http_client.h"
#include "net/signing_transport.h"

namespace k2i::net {
namespace {

class SigningLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* endpoint = std::getenv("K2I_TEST_S3_ENDPOINT");
    if (!endpoint) GTEST_SKIP() << "K2I_TEST_S3_ENDPOINT is not set";
    bucket_ = std::string(endpoint) + "/" + std::getenv("K2I_TEST_S3_BUCKET");
    keys_ = {std::getenv("K2I_TEST_S3_KEY"), std::getenv("K2I_TEST_S3_SECRET")};
  }

  HttpResponse Send(HttpRequest request, const AwsCredentials& keys, Clock& clock) {
    FixedAwsCredentials credentials(keys);
    SigningTransport transport(http_, credentials, clock, {"us-east-1", "s3"});
    return transport.Send(request).value();
  }
  HttpResponse Send(HttpRequest request) { return Send(std::move(request), keys_, clock_); }

  HttpClient http_;
  SystemClock clock_;
  std::string bucket_;
  AwsCredentials keys_;
};

TEST_F(SigningLiveTest, IsAcceptedWhateverTheKey) {
  for (const std::string key : {"plain", "with space/\u00e9", "signs+=&$,:@", "100%"}) {
    const std::string url = bucket_ + "/signing-live/" + PercentEncode(key);
    EXPECT_EQ(Send({.method = "PUT", .url = url, .headers = {{"Content-Type", "text/plain"}}, .body = key}).status, 200)
        << key;
    EXPECT_EQ(Send({.url = url}).body, key);
    EXPECT_EQ(Send({.method = "DELETE", .url = url}).status, 204) << key;
  }
  EXPECT_EQ(Send({.url = bucket_ + "?list-type=2&prefix=signing%20live%2F&max-keys=1"}).status, 200);
}

TEST_F(SigningLiveTest, IsRefusedForAWrongSecretAndAWrongClock) {
  AwsCredentials wrong = keys_;
  wrong.secret_access_key += "x";
  const HttpResponse refused = Send({.url = bucket_ + "?list-type=2"}, wrong, clock_);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(ReadAwsError(refused).code, "SignatureDoesNotMatch");
  ManualClock late(clock_.wall_ms() - 3'600'000);
  const HttpResponse skewed = Send({.url = bucket_ + "?list-type=2"}, keys_, late);
  EXPECT_EQ(skewed.status, 403);
  EXPECT_EQ(ReadAwsError(skewed).code, "RequestTimeTooSkewed");
}

}  // namespace
}  // namespace k2i::net
