// SPDX-License-Identifier: Apache-2.0
#include "io/s3_object_store.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "io/s3_deletion.h"
#include "io/s3_listing.h"
#include "io/s3_setup.h"
#include "io/s3_upload.h"
#include "net/http_client.h"
#include "net/xml.h"

namespace k2i::io {

namespace {

constexpr size_t kUploadThreads = 4;
/// Readers of a query and of maintenance come beside the uploads.
constexpr size_t kIdleConnections = 16;

Result<int64_t> SizeOf(const S3Place& place, const net::HttpResponse& response) {
  const std::string_view text = response.header("content-length");
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return size;
  return Fail(ErrorCode::kCorruption, "stat " + place.location + ": the answer has no Content-Length",
              Component::kStorage);
}

Result<net::HttpResponse> Head(S3Client& client, std::string_view name, const S3Place& place) {
  return client.Send({.name = name, .place = place, .method = "HEAD", .headers = client.options().key_headers});
}

class S3InputFile final : public InputFile {
 public:
  S3InputFile(std::shared_ptr<S3Client> client, S3Place place, int64_t size_bytes)
      : client_(std::move(client)), place_(std::move(place)), size_bytes_(size_bytes) {}

  int64_t size_bytes() const override { return size_bytes_; }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    length = std::min(length, size_bytes_ - position);
    if (length <= 0) return 0;
    S3Call call{.name = "read", .place = place_, .headers = client_->options().key_headers};
    call.headers.emplace_back("Range",
                              "bytes=" + std::to_string(position) + "-" + std::to_string(position + length - 1));
    K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, client_->Send(std::move(call)));
    std::string_view bytes = response.body;
    if (response.status == 200) bytes.remove_prefix(std::min(bytes.size(), static_cast<size_t>(position)));
    if (bytes.size() < static_cast<size_t>(length)) {
      return Fail(ErrorCode::kUnavailable,
                  "read " + place_.location + ": the store has sent " + std::to_string(bytes.size()) + " of " +
                      std::to_string(length) + " bytes",
                  Component::kStorage);
    }
    return static_cast<int64_t>(bytes.copy(out, static_cast<size_t>(length)));
  }

 private:
  const std::shared_ptr<S3Client> client_;
  const S3Place place_;
  const int64_t size_bytes_;
};

class S3ObjectStore final : public ObjectStore {
 public:
  S3ObjectStore(std::shared_ptr<S3Client> client, std::unique_ptr<Clock> clock)
      : clock_(std::move(clock)), client_(std::move(client)) {}

  Result<std::string> Read(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(const S3Place place, FindObject(location));
    K2I_ASSIGN_OR_RETURN(net::HttpResponse response,
                         client_->Send({.name = "read", .place = place, .headers = client_->options().key_headers}));
    return std::move(response.body);
  }

  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(S3Place place, FindObject(location));
    K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, Head(*client_, "read", place));
    K2I_ASSIGN_OR_RETURN(const int64_t size_bytes, SizeOf(place, response));
    return std::make_unique<S3InputFile>(client_, std::move(place), size_bytes);
  }

  Status Create(std::string_view location, std::string_view bytes) override {
    K2I_ASSIGN_OR_RETURN(const S3Place place, FindObject(location));
    if (conditions_) {
      const Status created = PutNewObject(*client_, place, std::string(bytes));
      if (created.has_value() || created.error().code != ErrorCode::kNotSupported) return created;
      conditions_ = false;
    }
    return PutObject(*client_, place, std::string(bytes));
  }

  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(S3Place place, FindObject(location));
    return std::make_unique<S3OutputFile>(client_, threads_, std::move(place));
  }

  Status Delete(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(const S3Place place, FindObject(location));
    return DeleteOne(*client_, place);
  }

  size_t DeletedAtOnce(std::string_view) override { return bulk_deletes_ ? kMostDeletedAtOnce : 1; }
  std::vector<Status> DeleteMany(std::span<const std::string> locations) override;

  Result<FileInfo> Stat(std::string_view location) override {
    K2I_ASSIGN_OR_RETURN(const S3Place place, FindObject(location));
    K2I_ASSIGN_OR_RETURN(const net::HttpResponse response, Head(*client_, "stat", place));
    K2I_ASSIGN_OR_RETURN(const int64_t size_bytes, SizeOf(place, response));
    return FileInfo{std::string(location), size_bytes,
                    1'000 * net::ParseHttpDate(response.header("last-modified")).value_or(0)};
  }

  Result<std::vector<FileInfo>> List(std::string_view prefix) override {
    std::vector<FileInfo> files;
    K2I_RETURN_IF_ERROR(ForEachFile(prefix, [&](const FileInfo& file) -> Status {
      files.push_back(file);
      return {};
    }));
    return files;
  }

  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override {
    K2I_ASSIGN_OR_RETURN(S3Place place, FindInS3(prefix));
    place.location = prefix;
    return ListS3(*client_, place, visit);
  }

 private:
  static Result<S3Place> FindObject(std::string_view location) {
    K2I_ASSIGN_OR_RETURN(S3Place place, FindInS3(location));
    if (!place.key.empty()) return place;
    return Fail(ErrorCode::kInvalidArgument, "'" + place.location + "' is a bucket, not a file", Component::kStorage);
  }

  const std::unique_ptr<Clock> clock_;  // null: somebody else's
  const std::shared_ptr<S3Client> client_;
  const std::shared_ptr<UploadThreads> threads_ = std::make_shared<UploadThreads>(kUploadThreads);
  std::atomic<bool> conditions_ = true;    // the store has not said that it knows none
  std::atomic<bool> bulk_deletes_ = true;  // the same
};

/// By bucket, a thousand at a time; what no such request can hold goes by its own.
std::vector<Status> S3ObjectStore::DeleteMany(std::span<const std::string> locations) {
  std::vector<Status> outcomes(locations.size());
  std::map<std::string, std::vector<size_t>> buckets;
  std::vector<std::optional<S3Place>> found(locations.size());
  for (size_t i = 0; i < locations.size(); ++i) {
    auto place = FindObject(locations[i]);
    if (!place.has_value()) {
      outcomes[i] = std::unexpected(place.error());
    } else if (!bulk_deletes_ || !net::FitsXml(place->key)) {
      outcomes[i] = DeleteOne(*client_, *place);
    } else {
      buckets[place->bucket].push_back(i);
      found[i] = *std::move(place);
    }
  }
  for (const auto& [bucket, which] : buckets) {
    for (size_t begin = 0; begin < which.size(); begin += kMostDeletedAtOnce) {
      const size_t end = std::min(begin + kMostDeletedAtOnce, which.size());
      std::vector<S3Place> places;
      for (size_t i = begin; i < end; ++i) places.push_back(*found[which[i]]);
      std::vector<Status> done = DeleteAtOnce(*client_, places);
      const bool unknown = !done.front().has_value() && done.front().error().code == ErrorCode::kNotSupported;
      if (unknown) bulk_deletes_ = false;
      for (size_t i = begin; i < end; ++i) {
        outcomes[which[i]] = unknown ? DeleteOne(*client_, places[i - begin]) : std::move(done[i - begin]);
      }
    }
  }
  return outcomes;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options, std::shared_ptr<net::HttpTransport> http,
                                                 Clock& clock) {
  K2I_ASSIGN_OR_RETURN(auto client, MakeS3Client(options, std::move(http), clock));
  return std::make_unique<S3ObjectStore>(std::move(client), nullptr);
}

Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options) {
  auto clock = std::make_unique<SystemClock>();
  auto http = std::make_shared<net::HttpClient>(
      net::HttpClientOptions{.ca_file = options.tls_ca_file,
                             .connect_timeout = options.connect_timeout,
                             .max_response_bytes = std::numeric_limits<int64_t>::max(),
                             .max_idle_connections = kIdleConnections,
                             .decode_content = false});
  K2I_ASSIGN_OR_RETURN(auto client, MakeS3Client(options, std::move(http), *clock));
  return std::make_unique<S3ObjectStore>(std::move(client), std::move(clock));
}

}  // namespace k2i::io
