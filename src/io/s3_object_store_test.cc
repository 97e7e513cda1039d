// SPDX-License-Identifier: Apache-2.0
//
// The S3 store against a scripted server that speaks just enough S3; store_contract_test tries it on a real one.
#include "io/s3_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "io/s3_error.h"
#include "net/loopback_server_testing.h"

namespace k2i::io {
namespace {

/// Answers every request with one status and S3 error code.
class FailingS3 {
 public:
  FailingS3(int status, std::string code) : status_(status), code_(std::move(code)) {}

  std::unique_ptr<ObjectStore> Store(int max_attempts = 1) const {
    return MakeS3Store({.endpoint = server_.Url(),
                        .keys = {.access_key_id = "k", .secret_access_key = "s"},
                        .max_attempts = max_attempts})
        .value();
  }

  std::atomic<int> requests = 0;

 private:
  void Answer(const httplib::Request& request, httplib::Response& response) {
    ++requests;
    response.status = status_;
    if (request.method == "HEAD") return;
    response.set_content("<?xml version=\"1.0\"?><Error><Code>" + code_ + "</Code><Message>scripted</Message></Error>",
                         "application/xml");
  }

  const int status_;
  const std::string code_;
  net::LoopbackServer server_{
      [this](const httplib::Request& request, httplib::Response& response) { Answer(request, response); }};
};

TEST(S3ObjectStore, TellsErrorsApartByTheirCode) {
  struct Case {
    int status;
    const char* name;
    ErrorCode code;
  };
  for (const Case& c :
       {Case{403, "AccessDenied", ErrorCode::kPermissionDenied}, Case{404, "NoSuchBucket", ErrorCode::kNotFound},
        Case{503, "SlowDown", ErrorCode::kUnavailable}, Case{500, "InternalError", ErrorCode::kUnavailable},
        Case{403, "SignatureDoesNotMatch", ErrorCode::kPermissionDenied}}) {
    FailingS3 s3(c.status, c.name);
    const Status created = s3.Store()->Create("s3://b/k", "x");
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code, c.code) << created.error().ToString();
    EXPECT_EQ(created.error().component, Component::kStorage);
  }
}

TEST(S3ObjectStore, TellsErrorsWithoutABodyByTheirStatus) {
  {
    FailingS3 s3(403, "AccessDenied");
    EXPECT_EQ(s3.Store()->Read("s3://b/k").error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(s3.Store()->Stat("s3://b/k").error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(s3.Store()->Delete("s3://b/k").error().code, ErrorCode::kPermissionDenied);
    EXPECT_EQ(s3.Store()->List("s3://b/k").error().code, ErrorCode::kPermissionDenied);
  }
  FailingS3 s3(503, "");
  EXPECT_EQ(s3.Store()->Read("s3://b/k").error().code, ErrorCode::kUnavailable);
}

TEST(S3ObjectStore, DeletingWhatIsNotThereIsASuccess) {
  FailingS3 s3(404, "NoSuchKey");
  EXPECT_TRUE(s3.Store()->Delete("s3://b/k").has_value());
  EXPECT_EQ(s3.Store()->Read("s3://b/k").error().code, ErrorCode::kNotFound);
}

TEST(S3ObjectStore, BoundsItsTries) {
  FailingS3 s3(503, "SlowDown");
  EXPECT_EQ(s3.Store(3)->Create("s3://b/k", "x").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(s3.requests, 3);
}

TEST(S3ObjectStore, AnAbortedFileSendsNothing) {
  FailingS3 s3(500, "InternalError");
  const auto store = s3.Store();
  auto file = store->OpenForWrite("s3://b/k").value();
  ASSERT_TRUE(file->Append("bytes").has_value());
  file.reset();
  EXPECT_EQ(s3.requests, 0);
}

TEST(S3ObjectStore, AnEndpointThatRefusesIsUnavailable) {
  const auto store = MakeS3Store({.endpoint = "http://127.0.0.1:1",
                                  .keys = {.access_key_id = "k", .secret_access_key = "s"},
                                  .max_attempts = 2})
                         .value();
  EXPECT_EQ(store->Create("s3://b/k", "x").error().code, ErrorCode::kUnavailable);
}

TEST(CodeOfS3Error, PrefersTheNameToTheStatus) {
  EXPECT_EQ(CodeOfS3Error(400, "SlowDown"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfS3Error(403, ""), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOfS3Error(404, "unheard of"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfS3Error(418, "unheard of"), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace k2i::io
