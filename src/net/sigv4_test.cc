// SPDX-License-Identifier: Apache-2.0
//
// Signatures of AWS's own test suite ("aws-sig-v4-test-suite") and of the examples in the S3 API reference.
#include "net/sigv4.h"

#include <gtest/gtest.h>

#include "net/digest.h"

namespace k2i::net {
namespace {

constexpr int64_t kSuiteTime = 1'440'938'160'000;  // 2015-08-30T12:36:00Z
constexpr int64_t kS3Time = 1'369'353'600'000;     // 2013-05-24T00:00:00Z
const AwsCredentials kSuite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const AwsCredentials kS3 = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

std::string Header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string SignatureOf(const HttpHeaders& headers) {
  const std::string authorization = Header(headers, "Authorization");
  return authorization.substr(authorization.rfind('=') + 1);
}

std::string SuiteSignature(const std::string& method, const std::string& target, HttpHeaders headers = {},
                           std::string body = "", const AwsCredentials& credentials = kSuite) {
  return SignatureOf(SignV4({.method = method,
                             .url = "https://example.amazonaws.com" + target,
                             .headers = std::move(headers),
                             .body = std::move(body)},
                            credentials, {"us-east-1", "service"}, kSuiteTime));
}

TEST(SigV4, NamesItsScopeAndHeaders) {
  const HttpHeaders headers =
      SignV4({.url = "https://example.amazonaws.com/"}, kSuite, {"us-east-1", "service"}, kSuiteTime);
  EXPECT_EQ(Header(headers, "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(
      Header(headers, "Authorization"),
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(headers.size(), 2u);
}

TEST(SigV4, SignsTheSuitesPaths) {
  const std::string vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
  for (const char* path : {"", "/", "//", "/./", "/example/..", "/example1/example2/../.."}) {
    EXPECT_EQ(SuiteSignature("GET", path), vanilla) << path;
  }
  EXPECT_EQ(SuiteSignature("GET", "/./example"), "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5");
  EXPECT_EQ(SuiteSignature("GET", "//example//"), "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
  EXPECT_EQ(SuiteSignature("GET", "/example space/"),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
  EXPECT_EQ(SuiteSignature("GET", "/\u1234"), "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(SuiteSignature("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
  EXPECT_EQ(SuiteSignature("POST", "/"), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, SignsTheSuitesQueries) {
  EXPECT_EQ(SuiteSignature("GET", "/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(SuiteSignature("GET", "?Param1=value2&Param1=Value1"),
            "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1");
  EXPECT_EQ(SuiteSignature("GET", "/?Param1=value2&Param1=value1"),
            "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694");
  EXPECT_EQ(SuiteSignature("GET", "/?Param1=value1"),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
  for (const char* query : {"/?\u1234=bar", "/?%E1%88%B4=bar"}) {
    EXPECT_EQ(SuiteSignature("GET", query), "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
  }
  EXPECT_EQ(SuiteSignature("POST", "/?Param1=value1"),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

TEST(SigV4, SignsTheSuitesHeaders) {
  EXPECT_EQ(SuiteSignature("GET", "/", {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  EXPECT_EQ(SuiteSignature("GET", "/", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\" "}}),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  EXPECT_EQ(SuiteSignature("POST", "/", {{"My-Header1", "VALUE1"}}),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
  EXPECT_EQ(SuiteSignature("POST", "/", {{"User-Agent", "a proxy may change it"}, {"MY-HEADER1", "value1"}}),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
  EXPECT_EQ(SuiteSignature("GET", "/", {{"Host", "example.amazonaws.com"}}),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, SignsTheSuitesBodies) {
  EXPECT_EQ(
      SuiteSignature("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Length", "13"}},
                     "Param1=value1"),
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(SigV4, SignsTheSuitesSessionToken) {
  AwsCredentials temporary = kSuite;
  temporary.session_token =
      "AQoDYXdzEPT//////////"
      "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwth"
      "Ax7mSEI/qkPpKPi/"
      "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAki"
      "Y9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
  EXPECT_EQ(SuiteSignature("POST", "/", {}, "", temporary),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(SigV4, SignsTheExamplesOfS3) {
  const SigningScope scope = {"us-east-1", "s3"};
  const std::string bucket = "https://examplebucket.s3.amazonaws.com:443";
  const HttpHeaders get =
      SignV4({.url = bucket + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}, kS3, scope, kS3Time);
  EXPECT_EQ(Header(get, "X-Amz-Content-Sha256"), Hex(Sha256("")));
  EXPECT_EQ(SignatureOf(get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  for (const char* key : {"/test$file.text", "/test%24file.text"}) {
    const HttpHeaders put =
        SignV4({.method = "PUT",
                .url = bucket + key,
                .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                .body = "Welcome to Amazon S3."},
               kS3, scope, kS3Time);
    EXPECT_EQ(SignatureOf(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  }
  EXPECT_EQ(SignatureOf(SignV4({.url = bucket + "/?lifecycle"}, kS3, scope, kS3Time)),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf(SignV4({.url = bucket + "/?max-keys=2&prefix=J"}, kS3, scope, kS3Time)),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, EncodesAPathOfOtherServicesOnceMore) {
  const auto signature = [](const std::string& service, const std::string& path) {
    return SignatureOf(SignV4({.url = "https://h" + path}, kSuite, {"us-east-1", service}, kSuiteTime));
  };
  EXPECT_NE(signature("glue", "/a%2Fb"), signature("glue", "/a/b"));
  EXPECT_EQ(signature("glue", "/a//b"), signature("glue", "/a/b"));
  EXPECT_NE(signature("s3", "/a//b"), signature("s3", "/a/b"));
  EXPECT_EQ(signature("s3", "/a%7Eb"), signature("s3", "/a~b"));
}

TEST(Digest, MatchesKnownAnswers) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, case 2
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace k2i::net
