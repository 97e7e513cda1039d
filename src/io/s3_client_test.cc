// SPDX-License-Identifier: Apache-2.0
//
// What the S3 store sends, and what it makes of the answers, by a scripted transport.
#include "io/s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "io/s3_deletion.h"
#include "io/s3_object_store.h"
#include "net/digest.h"
#include "net/scripted_transport_testing.h"

namespace k2i::io {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MATCHER(IsDone, "") { return arg.has_value(); }

std::string ErrorBody(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>scripted</Message>" + more + "</Error>";
}

class S3ClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<ObjectStore> Store(S3Options options = {}) {
    if (options.keys.access_key_id.empty() && options.credential == S3Credential::kDefault && !options.signer) {
      options.keys = {.access_key_id = "key", .secret_access_key = "secret"};
    }
    return MakeS3Store(options, http_, clock_).value();
  }
  std::vector<std::string> Sent() const {
    std::vector<std::string> sent;
    for (const net::HttpRequest& each : http_->requests()) sent.push_back(each.method + " " + each.url);
    return sent;
  }
  std::string Header(const std::string& name) const { return net::HeaderOf(http_->last_request(), name); }

  ManualClock clock_;
  std::shared_ptr<net::ScriptedTransport> http_ = std::make_shared<net::ScriptedTransport>();
};

TEST_F(S3ClientTest, AddressesBucketsAsTheServiceHasThem) {
  for (int i = 0; i < 5; ++i) http_->Answer(200, "x");
  ASSERT_TRUE(Store({.region = "eu-west-1"})->Read("s3://b/a b/\u00fc+%//../d").has_value());
  ASSERT_TRUE(Store({.region = "cn-north-1"})->Read("s3a://b.c/d").has_value());
  ASSERT_TRUE(Store({.endpoint = "http://h:1"})->Read("s3n://b/d").has_value());
  ASSERT_TRUE(Store({.endpoint = "http://h:1", .path_style = false})->Read("s3://b/d").has_value());
  ASSERT_TRUE(Store({.environment = {{"AWS_ENDPOINT_URL_S3", "https://e"}}})->Read("s3://b/d").has_value());
  EXPECT_THAT(Sent(), ElementsAre("GET https://b.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B%25//../d",
                                  "GET https://s3.cn-north-1.amazonaws.com.cn/b.c/d", "GET http://h:1/b/d",
                                  "GET http://b.h:1/d", "GET https://e/b/d"));
}

TEST_F(S3ClientTest, SignsBodiesWhereItIsWorthIt) {
  for (int i = 0; i < 5; ++i) http_->Answer(200);
  ASSERT_TRUE(Store({.endpoint = "http://h"})->Create("s3://b/k", "bytes").has_value());
  EXPECT_EQ(Header("X-Amz-Content-Sha256"), net::Hex(net::Sha256("bytes")));
  const std::string large(2'000'000, 'x');
  ASSERT_TRUE(Store({.endpoint = "http://h"})->Create("s3://b/k", large).has_value());
  EXPECT_EQ(Header("X-Amz-Content-Sha256"), "UNSIGNED-PAYLOAD");
  ASSERT_TRUE(Store()->Create("s3://b/k", "123456789").has_value());
  EXPECT_EQ(Header("X-Amz-Content-Sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(Header("x-amz-checksum-crc32c"), "4waSgw==");  // of the check value e3069283
  EXPECT_THAT(Header("Authorization"), HasSubstr("x-amz-checksum-crc32c;x-amz-content-sha256;"));
  ASSERT_TRUE(Store({.sign_payload = true})->Create("s3://b/k", "bytes").has_value());
  EXPECT_EQ(Header("X-Amz-Content-Sha256"), net::Hex(net::Sha256("bytes")));
  ASSERT_TRUE(Store({.credential = S3Credential::kAnonymous})->Create("s3://b/k", "bytes").has_value());
  EXPECT_EQ(Header("Authorization"), "");
}

TEST_F(S3ClientTest, SaysHowToEncryptAndWhoPays) {
  for (int i = 0; i < 3; ++i) http_->Answer(200, "x");
  ASSERT_TRUE(Store({.encryption = S3Encryption::kKms, .kms_key_id = "arn", .requester_pays = true})
                  ->Create("s3://b/k", "1")
                  .has_value());
  EXPECT_EQ(Header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(Header("x-amz-server-side-encryption-aws-kms-key-id"), "arn");
  EXPECT_EQ(Header("x-amz-request-payer"), "requester");
  ASSERT_TRUE(Store({.encryption = S3Encryption::kS3})->Create("s3://b/k", "1").has_value());
  EXPECT_EQ(Header("x-amz-server-side-encryption"), "AES256");
  ASSERT_TRUE(Store({.sse_customer_key = std::string(32, 'k')})->Read("s3://b/k").has_value());
  EXPECT_EQ(Header("x-amz-server-side-encryption-customer-key-MD5"), "mT2HRsMGJ5IX5C+0rreZ8Q==");
  for (const S3Options& wrong : {S3Options{.kms_key_id = "arn"}, S3Options{.sse_customer_key = "short"},
                                 S3Options{.endpoint = "h:1"}, S3Options{.keys = {.access_key_id = "half"}}}) {
    EXPECT_EQ(MakeS3Store(wrong, http_, clock_).error().code, ErrorCode::kInvalidConfig);
  }
}

TEST_F(S3ClientTest, GoesWhereTheBucketIsAndRemembersIt) {
  http_->Answer(301, ErrorBody("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}});
  for (int i = 0; i < 2; ++i) http_->Answer(200, "x");
  const auto store = Store();
  ASSERT_TRUE(store->Read("s3://b/k").has_value());
  ASSERT_TRUE(store->Read("s3://b/l").has_value());
  EXPECT_THAT(Sent(),
              ElementsAre("GET https://b.s3.us-east-1.amazonaws.com/k", "GET https://b.s3.eu-west-1.amazonaws.com/k",
                          "GET https://b.s3.eu-west-1.amazonaws.com/l"));
  EXPECT_THAT(Header("Authorization"), HasSubstr("/eu-west-1/s3/aws4_request"));
  http_->Answer(400, ErrorBody("AuthorizationHeaderMalformed", "<Region>r2</Region>"));
  http_->Answer(200, "x");
  ASSERT_TRUE(Store({.endpoint = "http://h"})->Read("s3://b/k").has_value());
  EXPECT_THAT(Header("Authorization"), HasSubstr("/r2/s3/"));
  http_->Answer(301, ErrorBody("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}});
  const Error error = Store({.endpoint = "http://h"})->Read("s3://b/k").error();
  EXPECT_EQ(error.code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(error.message, HasSubstr("the bucket is in another region: set storage.region = \"eu-west-1\""));
}

TEST_F(S3ClientTest, SendsAgainWhatMayBeTakenAnotherTime) {
  http_->FailNext(ErrorCode::kTimeout);
  http_->FailNext(ErrorCode::kUnavailable);
  http_->Answer(429);
  http_->Answer(400, ErrorBody("RequestTimeout"));
  http_->Answer(200, "x");
  EXPECT_EQ(Store()->Read("s3://b/k").value(), "x");
  EXPECT_EQ(http_->remaining(), 0u);
  for (int i = 0; i < 3; ++i) http_->Answer(503, ErrorBody("SlowDown"));
  const Error error = Store({.max_attempts = 3})->Read("s3://b/k").error();
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(error.message, "read s3://b/k: HTTP 503: SlowDown: scripted");
  http_->Answer(403, ErrorBody("RequestTimeTooSkewed"));
  EXPECT_THAT(Store()->Read("s3://b/k").error().message, HasSubstr("(set this machine's clock: it is more than 15"));
  EXPECT_EQ(http_->remaining(), 0u);
}

/// Credentials whose first key has ended.
class RenewableSigner final : public net::RequestSigner {
 public:
  Result<net::Signature> Sign(const net::HttpRequest&, const std::string&) override {
    return net::Signature{.headers = {{"Authorization", renewed ? "new" : "old"}}, .url = "", .by = {}};
  }
  bool Refused(const net::Signature&) override { return !std::exchange(renewed, true); }
  bool renewed = false;
};

TEST_F(S3ClientTest, RenewsCredentialsThatHaveEndedOnce) {
  const auto store = Store({.signer = std::make_shared<RenewableSigner>()});
  http_->Answer(400, ErrorBody("ExpiredToken"));
  http_->Answer(200, "x");
  EXPECT_EQ(store->Read("s3://b/k").value(), "x");
  EXPECT_EQ(Header("Authorization"), "new");
  http_->Answer(400, ErrorBody("ExpiredToken"));
  const Error error = store->Read("s3://b/k").error();
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(error.message, HasSubstr("these temporary credentials have ended"));
  const Error none = Store({.credential = S3Credential::kWebIdentity})->Read("s3://b/k").error();
  EXPECT_EQ(none.code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(none.message, HasSubstr("AWS_ROLE_ARN"));
}

TEST_F(S3ClientTest, ASignerThatMissesSomethingSaysNothingOfTheFile) {
  class NoSuchTable final : public net::RequestSigner {
    Result<net::Signature> Sign(const net::HttpRequest&, const std::string&) override {
      return Fail(ErrorCode::kNotFound, "no such table", Component::kCatalog);
    }
    bool Refused(const net::Signature&) override { return false; }
  };
  const auto store = Store({.signer = std::make_shared<NoSuchTable>()});
  EXPECT_EQ(store->Delete("s3://b/k").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store->Stat("s3://b/k").error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(S3ClientTest, CreatesOnlyWhereNothingIs) {
  const auto store = Store();
  http_->Answer(412, ErrorBody("PreconditionFailed"));
  http_->Answer(200, "", {{"x-amz-meta-k2i-create", "another's"}});
  EXPECT_EQ(store->Create("s3://b/k", "1").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(net::HeaderOf(http_->requests()[0], "If-None-Match"), "*");
  EXPECT_EQ(http_->requests()[1].method, "HEAD");
  // A store without conditions is asked once.
  http_->Answer(501, ErrorBody("NotImplemented"));
  for (int i = 0; i < 2; ++i) http_->Answer(200);
  ASSERT_TRUE(store->Create("s3://b/k", "1").has_value());
  EXPECT_EQ(Header("If-None-Match"), "");
  ASSERT_TRUE(store->Create("s3://b/l", "1").has_value());
  EXPECT_EQ(Header("If-None-Match"), "");
  EXPECT_EQ(http_->remaining(), 0u);
}

/// Answers the second request of a Create as the store that has taken the first, whose answer was lost.
class LosesFirstAnswer final : public net::HttpTransport {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request) override {
    if (request.method == "HEAD") return net::HttpResponse{200, {{"x-amz-meta-k2i-create", mark}}, ""};
    mark = net::HeaderOf(request, "x-amz-meta-k2i-create");
    if (++puts == 1) return Fail(ErrorCode::kTimeout, "connection lost");
    return net::HttpResponse{412, {}, ErrorBody("PreconditionFailed")};
  }
  int puts = 0;
  std::string mark;
};

TEST_F(S3ClientTest, KnowsItsOwnFileAfterALostAnswer) {
  const auto http = std::make_shared<LosesFirstAnswer>();
  const auto store = MakeS3Store({.keys = {.access_key_id = "k", .secret_access_key = "s"}}, http, clock_).value();
  EXPECT_TRUE(store->Create("s3://b/k", "1").has_value());
  EXPECT_EQ(http->puts, 2);
}

TEST_F(S3ClientTest, ListsPageByPage) {
  const auto page = [](const std::string& contents, const std::string& next) {
    return "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>" +
           contents +
           (next.empty()
                ? ""
                : "<IsTruncated>true</IsTruncated><NextContinuationToken>" + next + "</NextContinuationToken>") +
           "</ListBucketResult>";
  };
  http_->Answer(200,
                page("<Contents><Key>t/a+b%2B</Key><Size>3</Size><LastModified>2026-11-27T21:00:00.000Z</LastModified>"
                     "</Contents><Contents><Key>t/folder/</Key><Size>0</Size></Contents>",
                     "to ken"));
  http_->Answer(200, page("<Contents><Key>t/c</Key><Size>4</Size></Contents>", ""));
  std::vector<std::string> seen;
  const auto store = Store({.endpoint = "http://h"});
  ASSERT_TRUE(store->ForEachFile("s3a://b/t/", [&](const FileInfo& file) -> Status {
    seen.push_back(file.location + " " + std::to_string(file.size_bytes) + " " + std::to_string(file.modified_ms));
    return {};
  }));
  EXPECT_THAT(seen, ElementsAre("s3a://b/t/a b+ 3 1795813200000", "s3a://b/t/c 4 0"));
  EXPECT_EQ(Sent()[1],
            "GET http://h/b?continuation-token=to%20ken&encoding-type=url&list-type=2&max-keys=1000&prefix=t%2F");
  for (const char* broken : {"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "<html/>", "gone",
                             "<ListBucketResult><Contents><Key>t/a</Key></Contents></ListBucketResult>"}) {
    http_->Answer(200, broken);
    EXPECT_EQ(store->List("s3://b/t").error().code, ErrorCode::kCorruption) << broken;
  }
}

TEST_F(S3ClientTest, DeletesAThousandFilesARequest) {
  std::vector<std::string> locations;
  for (int i = 0; i < 2'001; ++i) locations.push_back("s3://b/" + std::to_string(i));
  for (int i = 0; i < 3; ++i) http_->Answer(200, "<DeleteResult/>");
  const auto store = Store({.endpoint = "http://h"});
  ASSERT_EQ(store->DeletedAtOnce("s3://b/x"), 1'000u);
  EXPECT_THAT(store->DeleteMany(locations), Each(IsDone()));
  EXPECT_THAT(Sent(), Each("POST http://h/b?delete="));
  EXPECT_EQ(http_->requests().size(), 3u);
  EXPECT_EQ(
      http_->last_request().body,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete><Quiet>true</Quiet><Object><Key>2000</Key></Object></Delete>");
  EXPECT_EQ(Header("Content-MD5").size(), 24u);
}

TEST_F(S3ClientTest, TellsOfEachFileWhatBecameOfIt) {
  const auto refusal = [](const std::string& key, const std::string& code) {
    return "<Error><Key>" + key + "</Key><Code>" + code + "</Code><Message>m</Message></Error>";
  };
  http_->Answer(204);  // XML cannot hold that key
  http_->Answer(200, "<DeleteResult>" + refusal("a&amp;b", "AccessDenied") + refusal("busy", "SlowDown") +
                         refusal("gone", "NoSuchKey") + "</DeleteResult>");
  http_->Answer(200, "<DeleteResult/>");
  const auto store = Store();
  const auto outcomes = store->DeleteMany(
      std::vector<std::string>{"s3://b/a&b", "s3://b/busy", "s3://b/gone", "s3://b/done", "s3://b/\x01", "file:///x"});
  EXPECT_EQ(outcomes[0].error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(outcomes[0].error().message, HasSubstr("s3://b/a&b"));
  for (const size_t i : {1, 2, 3, 4}) EXPECT_TRUE(outcomes[i].has_value()) << i;
  EXPECT_EQ(outcomes[5].error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(http_->remaining(), 0u);
}

TEST_F(S3ClientTest, DeletesOneByOneWhereTheStoreKnowsNoMore) {
  const auto store = Store({.endpoint = "http://h"});
  http_->Answer(501, ErrorBody("NotImplemented"));
  for (int i = 0; i < 3; ++i) http_->Answer(204);
  const std::vector<std::string> locations = {"s3://b/1", "s3://b/2"};
  EXPECT_THAT(store->DeleteMany(locations), Each(IsDone()));
  EXPECT_EQ(store->DeletedAtOnce("s3://b/1"), 1u);
  EXPECT_THAT(store->DeleteMany(std::vector<std::string>{"s3://b/3"}), Each(IsDone()));
  EXPECT_THAT(Sent(), ElementsAre("POST http://h/b?delete=", "DELETE http://h/b/1", "DELETE http://h/b/2",
                                  "DELETE http://h/b/3"));
}

}  // namespace
}  // namespace k2i::io
