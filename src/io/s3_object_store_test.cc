// SPDX-License-Identifier: Apache-2.0
//
// S3ObjectStore against a scripted server that speaks just enough S3, and (K2I_TEST_S3_ENDPOINT, with
// K2I_TEST_S3_BUCKET, K2I_TEST_S3_KEY and K2I_TEST_S3_SECRET) against a real one.
#include "io/s3_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/random.h"
#include "io/location.h"
#include "io/make_object_store.h"
#include "io/s3_error.h"

namespace k2i::io {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// S3 must be shut down before the process ends.
class ShutdownEnvironment : public ::testing::Environment {
 public:
  void TearDown() override { ShutdownS3(); }
};
const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new ShutdownEnvironment);

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

  std::unique_ptr<S3ObjectStore> Store(int max_attempts = 1) const {
    return S3ObjectStore::Make({.endpoint = "http://127.0.0.1:" + std::to_string(port_),
                                .access_key_id = "k",
                                .secret_access_key = "s",
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
  const auto store =
      S3ObjectStore::Make(
          {.endpoint = "http://127.0.0.1:1", .access_key_id = "k", .secret_access_key = "s", .max_attempts = 2})
          .value();
  EXPECT_EQ(store->Create("s3://b/k", "x").error().code, ErrorCode::kUnavailable);
}

TEST(CodeOfS3Error, PrefersTheNameToTheNumber) {
  EXPECT_EQ(CodeOfS3Error(100, "SlowDown"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfS3Error(15, ""), ErrorCode::kPermissionDenied);
  EXPECT_EQ(CodeOfS3Error(16, "unheard of"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfS3Error(100, "unheard of"), std::nullopt);
}

class S3LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* endpoint = std::getenv("K2I_TEST_S3_ENDPOINT");
    if (!endpoint) GTEST_SKIP() << "K2I_TEST_S3_ENDPOINT is not set";
    options_ = {.endpoint = endpoint,
                .access_key_id = std::getenv("K2I_TEST_S3_KEY"),
                .secret_access_key = std::getenv("K2I_TEST_S3_SECRET")};
    Random random(Random::SystemSeed());
    folder_ = "s3://" + std::string(std::getenv("K2I_TEST_S3_BUCKET")) + "/" + random.Uuid();
  }

  S3Options options_;
  std::string folder_;
};

TEST_F(S3LiveTest, WritesListsReadsAndDeletes) {
  const auto store = S3ObjectStore::Make(options_).value();
  Random random(7);
  ASSERT_TRUE(CheckStorage(*store, folder_, random).has_value());
  ASSERT_TRUE(store->Create(folder_ + "/a.json", "{}").has_value());
  auto file = store->OpenForWrite(folder_ + "/d/day=2024-01-31/b.parquet").value();
  const std::string part(7'000'000, 'p');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(file->Append(part).has_value());
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_EQ(store->Read(folder_ + "/d/day=2024-01-31/b.parquet").value(), part + part + part);
  const auto input = store->OpenForRead(folder_ + "/d/day=2024-01-31/b.parquet").value();
  std::string read(10, '.');
  EXPECT_EQ(input->size_bytes(), 21'000'000);
  EXPECT_EQ(input->ReadAt(20'999'995, 10, read.data()).value(), 5);
  EXPECT_EQ(read, "ppppp.....");
  EXPECT_EQ(store->OpenForRead(folder_ + "/none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->Stat(folder_ + "/a.json").value().size_bytes, 2);
  EXPECT_EQ(store->Read(folder_ + "/none").error().code, ErrorCode::kNotFound);

  const std::vector<FileInfo> infos = store->List(folder_).value();
  std::vector<std::string> found;
  for (const FileInfo& info : infos) found.push_back(info.location);
  EXPECT_THAT(found, UnorderedElementsAre(folder_ + "/a.json", folder_ + "/d/day=2024-01-31/b.parquet"));
  for (const std::string& location : found) EXPECT_TRUE(store->Delete(location).has_value());
  EXPECT_THAT(store->List(folder_).value(), IsEmpty());
  EXPECT_THAT(store->List(folder_ + "-none").value(), IsEmpty());
}

TEST_F(S3LiveTest, AbortsAMultipartUpload) {
  const auto store = S3ObjectStore::Make(options_).value();
  auto file = store->OpenForWrite(folder_ + "/aborted").value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(file->Append(std::string(7'000'000, 'x')).has_value());
  file->Abort();
  EXPECT_EQ(store->Stat(folder_ + "/aborted").error().code, ErrorCode::kNotFound);
}

TEST_F(S3LiveTest, WrongCredentialsAreDenied) {
  options_.secret_access_key = "wrong";
  const auto denied = S3ObjectStore::Make(options_).value();
  EXPECT_EQ(denied->Create(folder_ + "/x", "1").error().code, ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace k2i::io
