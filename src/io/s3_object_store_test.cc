// SPDX-License-Identifier: Apache-2.0
//
// The S3 store against a scripted server that speaks just enough S3; store_contract_test tries it on a real one.
#include "io/s3_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "io/s3_error.h"

namespace k2i::io {
namespace {

/// Answers every request with one status and S3 error code.
class FailingS3 {
 public:
  FailingS3(int status, std::string code) {
    const auto answer = [this, status, code](const httplib::Request& request, httplib::Response& response) {
      ++requests;
      response.status = status;
      if (request.method != "HEAD") {
        response.set_content(
            "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>scripted</Message></Error>",
            "application/xml");
      }
    };
    server_.Get(".*", answer);
    server_.Put(".*", answer);
    server_.Post(".*", answer);
    server_.Delete(".*", answer);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // a stop() before that is lost
  }
  ~FailingS3() {
    server_.stop();
    thread_.join();
  }

  std::unique_ptr<ObjectStore> Store(int max_attempts = 1) const {
    return MakeS3Store({.endpoint = "http://127.0.0.1:" + std::to_string(port_),
                        .keys = {.access_key_id = "k", .secret_access_key = "s"},
                        .max_attempts = max_attempts})
        .value();
  }

  std::atomic<int> requests = 0;

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
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
