// SPDX-License-Identifier: Apache-2.0
//
// Errors of the GCS store by a scripted server; store_contract_test tries the rest on a fake one.
#include "io/gcs_object_store.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "arrow/util/io_util.h"
#include "net/loopback_server_testing.h"

namespace k2i::io {
namespace {

/// Answers every request with one status, and remembers who asked.
class FailingGcs {
 public:
  explicit FailingGcs(int status) : status_(status) {}

  std::unique_ptr<ObjectStore> Store(GcsOptions options) const {
    options.endpoint = server_.Url();
    options.retry_limit = std::chrono::seconds(1);
    return MakeGcsStore(options).value();
  }

  std::string authorization;

 private:
  void Answer(const httplib::Request& request, httplib::Response& response) {
    authorization = request.get_header_value("Authorization");
    response.status = status_;
    response.set_content(R"({"error": {"message": "scripted", "code": )" + std::to_string(status_) + "}}",
                         "application/json");
  }

  const int status_;
  net::LoopbackServer server_{
      [this](const httplib::Request& request, httplib::Response& response) { Answer(request, response); }};
};

TEST(GcsStore, TellsErrorsApartByTheirCode) {
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& c : {Case{401, ErrorCode::kPermissionDenied}, Case{403, ErrorCode::kPermissionDenied},
                        Case{404, ErrorCode::kNotFound}, Case{412, ErrorCode::kAlreadyExists},
                        Case{429, ErrorCode::kUnavailable}, Case{503, ErrorCode::kUnavailable}}) {
    const FailingGcs gcs(c.status);
    const auto store = gcs.Store({.credential = GcsCredential::kAnonymous});
    for (const Error& error : {store->Create("gs://b/k", "x").error(), store->Read("gs://b/k").error()}) {
      EXPECT_EQ(error.code, c.code) << c.status << " " << error.ToString();
      EXPECT_EQ(error.component, Component::kStorage);
    }
  }
}

TEST(GcsStore, SendsItsToken) {
  const FailingGcs gcs(403);
  const auto store = gcs.Store({.credential = GcsCredential::kToken, .token = "a-token"});
  EXPECT_EQ(store->Read("gs://b/k").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(gcs.authorization, "Bearer a-token");
}

TEST(CodeOfGcsStatus, ReadsTheCodeThatBeginsTheText) {
  const auto code = [](const char* text) { return CodeOfGcsStatus(arrow::Status::IOError(text)); };
  EXPECT_EQ(code("google::cloud::Status(DEADLINE_EXCEEDED: x)"), ErrorCode::kTimeout);
  EXPECT_EQ(code("google::cloud::Status(UNAVAILABLE: not PERMISSION_DENIED: x)"), ErrorCode::kUnavailable);
  EXPECT_EQ(code("something else"), ErrorCode::kUnavailable);
  const auto by_errno = [](int error) {
    return CodeOfGcsStatus(arrow::internal::StatusFromErrno(error, arrow::StatusCode::IOError, "x"));
  };
  EXPECT_EQ(by_errno(ENOENT), ErrorCode::kNotFound);
  EXPECT_EQ(by_errno(ETIMEDOUT), ErrorCode::kTimeout);
  EXPECT_EQ(by_errno(ECONNRESET), ErrorCode::kUnavailable) << "of which no file speaks";
  EXPECT_EQ(CodeOfGcsStatus(arrow::Status::UnknownError("google::cloud::Status(UNKNOWN: x)")), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace k2i::io
