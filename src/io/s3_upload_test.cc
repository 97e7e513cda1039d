// SPDX-License-Identifier: Apache-2.0
//
// Streamed files on a service in memory that speaks multipart uploads.
#include "io/s3_upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "base/clock_testing.h"
#include "io/s3_object_store.h"
#include "net/xml.h"

namespace k2i::io {
namespace {

using ::testing::IsEmpty;

/// The value of a field of the query, or "".
std::string Field(const std::string& url, const std::string& name) {
  const size_t begin = url.find(name + "=");
  if (begin == std::string::npos) return "";
  return url.substr(begin + name.size() + 1, url.find('&', begin) - begin - name.size() - 1);
}

class MemoryS3 final : public net::HttpTransport {
 public:
  Result<net::HttpResponse> Send(const net::HttpRequest& request) override {
    const int now = ++at_once;
    for (int most = most_at_once; now > most && !most_at_once.compare_exchange_weak(most, now);) {
    }
    auto answer = Answer(request);
    --at_once;
    return answer;
  }

  std::atomic<int> at_once = 0, most_at_once = 0, broken_part = 0, lost_completions = 0;
  std::chrono::milliseconds part_takes{0};
  std::mutex mutex;
  std::map<std::string, std::map<int, std::string>> uploads;
  std::map<std::string, std::string> objects;  // by URL
  std::vector<std::string> log;

 private:
  static net::HttpResponse Refuse(int status, const std::string& code) {
    return {status, {}, "<Error><Code>" + code + "</Code></Error>"};
  }

  Result<net::HttpResponse> Answer(const net::HttpRequest& request) {
    const std::string part = Field(request.url, "partNumber");
    if (!part.empty()) std::this_thread::sleep_for(part_takes);
    std::lock_guard lock(mutex);
    const std::string object = request.url.substr(0, request.url.find('?'));
    const std::string id = Field(request.url, "uploadId");
    log.push_back(request.method + (part.empty() ? "" : " part") + (id.empty() ? "" : " upload"));
    if (request.url.ends_with("?uploads=")) {
      uploads["u1"];
      return net::HttpResponse{
          200, {}, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"};
    }
    if (request.method == "HEAD") {
      if (!objects.contains(object)) return Refuse(404, "");
      return net::HttpResponse{200, {{"content-length", std::to_string(objects[object].size())}}, ""};
    }
    if (id.empty()) {
      objects[object] = request.body;
      return net::HttpResponse{200, {}, ""};
    }
    if (!uploads.contains(id)) return Refuse(404, "NoSuchUpload");
    if (request.method == "DELETE") {
      uploads.erase(id);
      return net::HttpResponse{204, {}, ""};
    }
    if (request.method == "POST") return Complete(object, id, request.body);
    if (std::stoi(part) == broken_part) return Refuse(403, "AccessDenied");
    uploads[id][std::stoi(part)] = request.body;
    return net::HttpResponse{200, {{"etag", "\"e" + part + "\""}}, ""};
  }

  Result<net::HttpResponse> Complete(const std::string& object, const std::string& id, const std::string& body) {
    const net::XmlElement root = net::ParseXml(body).value();
    std::string whole;
    for (const net::XmlElement& part : root.children) {
      const std::string number = part.TextOf("PartNumber");
      if (part.TextOf("ETag") != "\"e" + number + "\"") return Refuse(400, "InvalidPart");
      whole += uploads[id].at(std::stoi(number));
    }
    objects[object] = whole;
    uploads.erase(id);
    if (lost_completions-- > 0) return Fail(ErrorCode::kTimeout, "the answer is lost");
    return net::HttpResponse{200, {}, "<CompleteMultipartUploadResult/>"};
  }
};

class S3UploadTest : public ::testing::Test {
 protected:
  S3UploadTest() {
    store_ = MakeS3Store(
                 {.endpoint = "http://h", .keys = {.access_key_id = "k", .secret_access_key = "s"}, .max_attempts = 3},
                 s3_, clock_)
                 .value();
  }
  static std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
    return bytes;
  }
  Status Write(const std::string& location, std::string_view bytes, size_t piece) {
    K2I_ASSIGN_OR_RETURN(const auto file, store_->OpenForWrite(location));
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      K2I_RETURN_IF_ERROR(file->Append(bytes.substr(0, piece)));
    }
    return file->Close();
  }

  ManualClock clock_;
  std::shared_ptr<MemoryS3> s3_ = std::make_shared<MemoryS3>();
  std::unique_ptr<ObjectStore> store_;
};

TEST(PartBytes, GrowSoThatTenThousandSuffice) {
  EXPECT_EQ(PartBytes(1), 7'000'000);
  EXPECT_EQ(PartBytes(1'000), 7'000'000);
  EXPECT_EQ(PartBytes(1'001), 14'000'000);
  int64_t all = 0;
  for (int64_t part = 1; part <= 10'000; ++part) all += PartBytes(part);
  EXPECT_EQ(all, 385'000'000'000);
  EXPECT_LT(PartBytes(10'000), int64_t{100} << 20);
}

TEST_F(S3UploadTest, SendsWhatFitsOnePartByOneRequest) {
  const std::string bytes = Bytes(7'000'000);
  ASSERT_TRUE(Write("s3://b/k", bytes, 1'000'000).has_value());
  EXPECT_TRUE(s3_->objects.at("http://h/b/k") == bytes);
  EXPECT_EQ(s3_->log, std::vector<std::string>{"PUT"});
}

TEST_F(S3UploadTest, SendsPartsSideBySideAndBoundsThem) {
  s3_->part_takes = std::chrono::milliseconds(30);
  const std::string bytes = Bytes(9 * 7'000'000 + 5);
  ASSERT_TRUE(Write("s3://b/k", bytes, 3'000'001).has_value());
  EXPECT_TRUE(s3_->objects.at("http://h/b/k") == bytes);
  EXPECT_GT(s3_->most_at_once, 1);
  EXPECT_LE(s3_->most_at_once, 4);
  EXPECT_THAT(s3_->uploads, IsEmpty());
}

TEST_F(S3UploadTest, TakesItsPartsBackWhenOneFails) {
  s3_->broken_part = 2;
  const Status written = Write("s3://b/k", Bytes(50 << 20), 1 << 20);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(s3_->uploads, IsEmpty());
  EXPECT_THAT(s3_->objects, IsEmpty());
  EXPECT_EQ(s3_->log.back(), "DELETE upload");
}

TEST_F(S3UploadTest, TakesItsPartsBackWhenItIsDropped) {
  s3_->part_takes = std::chrono::milliseconds(20);
  {
    const auto file = store_->OpenForWrite("s3://b/k").value();
    ASSERT_TRUE(file->Append(Bytes(30 << 20)).has_value());
    EXPECT_EQ(file->bytes_written(), 30 << 20);
  }
  EXPECT_THAT(s3_->uploads, IsEmpty());
  EXPECT_THAT(s3_->objects, IsEmpty());
  EXPECT_EQ(s3_->log.back(), "DELETE upload");  // after all parts
}

TEST_F(S3UploadTest, KnowsThatItIsCompleteAfterALostAnswer) {
  s3_->lost_completions = 1;
  const std::string bytes = Bytes(20 << 20);
  EXPECT_TRUE(Write("s3://b/k", bytes, 1 << 20).has_value());
  EXPECT_TRUE(s3_->objects.at("http://h/b/k") == bytes);
}

}  // namespace
}  // namespace k2i::io
