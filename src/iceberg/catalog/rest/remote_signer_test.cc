// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/remote_signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock_testing.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::Pair;

net::HttpRequest Get(const std::string& url, const std::string& range = "") {
  net::HttpRequest request{.url = url};
  if (!range.empty()) request.headers.emplace_back("Range", range);
  return request;
}

class RemoteSignerTest : public ::testing::Test {
 protected:
  net::Signature Sign(const net::HttpRequest& request) { return signer_.Sign(request, "eu-west-1").value(); }

  ManualClock clock_;
  std::vector<json> asked_;
  std::string cache_control_ = "private";
  std::string signed_headers_ = "host;x-amz-date";
  RemoteSigner signer_{clock_, RemoteSigning{.url = "http://c/sign", .properties = {{"k", "v"}}, .headers = {}},
                       [this](const RemoteSigning& to, const std::string& body) -> Result<net::HttpResponse> {
                         EXPECT_EQ(to.url, "http://c/sign");
                         asked_.push_back(json::parse(body));
                         const json answer = {{"uri", asked_.back()["uri"]},
                                              {"headers",
                                               {{"Authorization",
                                                 {"AWS4-HMAC-SHA256 Credential=k/x, SignedHeaders=" + signed_headers_ +
                                                  ", Signature=" + std::to_string(asked_.size())}},
                                                {"X-Amz-Date", {"today"}},
                                                {"RANGE", {"not ours"}},
                                                {"Host", {"h"}},
                                                {"Content-Length", {"3"}}}}};
                         return net::HttpResponse{200, {{"cache-control", cache_control_}}, answer.dump()};
                       }};
};

TEST_F(RemoteSignerTest, SendsTheRequestAndTakesWhatItLacks) {
  net::HttpRequest request{.method = "PUT", .url = "https://b.s3/k?x=1", .headers = {{"Range", "r"}}, .body = "bytes"};
  const net::Signature signature = Sign(request);
  EXPECT_EQ(asked_[0], json({{"region", "eu-west-1"},
                             {"method", "PUT"},
                             {"uri", "https://b.s3/k?x=1"},
                             {"headers", {{"Range", {"r"}}}},
                             {"properties", {{"k", "v"}}},
                             {"provider", "s3"}}));
  EXPECT_THAT(signature.headers,
              ElementsAre(Pair("Authorization", ::testing::EndsWith("Signature=1")), Pair("X-Amz-Date", "today")));
  EXPECT_EQ(signature.url, "https://b.s3/k?x=1");
  request = {.method = "POST", .url = "https://b.s3/?delete=", .body = "<Delete/>"};
  Sign(request);
  EXPECT_EQ(asked_[1]["body"], "<Delete/>");
  request.url = "https://b.s3/?uploads=";
  Sign(request);
  EXPECT_FALSE(asked_[2].contains("body"));
}

TEST_F(RemoteSignerTest, KeepsWhatItMayForAWhile) {
  Sign(Get("https://b/k"));
  EXPECT_THAT(Sign(Get("https://b/k", "bytes=0-1")).headers[0].second, ::testing::EndsWith("Signature=1"));
  EXPECT_EQ(asked_.size(), 1u);  // the range is not covered
  Sign(Get("https://b/l"));
  EXPECT_EQ(asked_.size(), 2u);
  clock_.Advance(std::chrono::seconds(30));
  Sign(Get("https://b/k"));
  EXPECT_EQ(asked_.size(), 3u);
  cache_control_ = "no-cache";
  for (int i = 0; i < 2; ++i) Sign(Get("https://b/m"));
  EXPECT_EQ(asked_.size(), 5u);
}

TEST_F(RemoteSignerTest, UsesNoSignatureOfOtherHeaders) {
  signed_headers_ = "host;range;x-amz-date";
  Sign(Get("https://b/k", "bytes=0-1"));
  Sign(Get("https://b/k", "bytes=2-3"));
  EXPECT_EQ(asked_.size(), 2u);
  Sign(Get("https://b/k", "bytes=0-1"));
  EXPECT_EQ(asked_.size(), 2u);
}

TEST_F(RemoteSignerTest, RefusesAnswersThatAreNone) {
  for (const char* body : {"", "[]", "{}", R"({"uri": "u"})", R"({"uri": "u", "headers": {"A": "b"}})"}) {
    EXPECT_EQ(ParseSignature(body, {}).error().code, ErrorCode::kCorruption) << body;
  }
}

TEST(SignerUrl, IsWhereThePropertiesSay) {
  EXPECT_EQ(SignerUrl({}, "http://c/", "v1/sign"), "http://c/v1/sign");
  EXPECT_EQ(SignerUrl({{"s3.signer.endpoint", "/v1/x"}}, "http://c", "v1/sign"), "http://c/v1/x");
  EXPECT_EQ(SignerUrl({{"signer.endpoint", "x"}, {"s3.signer.uri", "http://s/"}}, "http://c", "y"), "http://s/x");
  EXPECT_EQ(SignerUrl({{"s3.signer.endpoint", "https://s/x"}, {"signer.uri", "http://t"}}, "http://c", "y"),
            "https://s/x");
}

}  // namespace
}  // namespace k2i::iceberg
