// SPDX-License-Identifier: Apache-2.0
#include "io/s3_object_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/filesystem/s3fs.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "arrow/util/future.h"
#include "arrow/util/iterator.h"
#include "io/location.h"
#include "io/s3_error.h"

namespace k2i::io {

namespace {

std::unexpected<Error> InvalidOption(std::string message) {
  return Fail(ErrorCode::kInvalidConfig, std::move(message), Component::kStorage);
}

double Seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// Splits "http://host:port" into what Arrow wants.
Status SetEndpoint(const S3Options& options, arrow::fs::S3Options& arrow_options) {
  if (options.endpoint.empty()) return {};
  std::string_view rest = options.endpoint;
  for (const std::string_view scheme : {"http", "https"}) {
    const std::string prefix = std::string(scheme) + "://";
    if (!rest.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.empty() || rest.find('/') != std::string_view::npos) break;
    arrow_options.scheme = scheme;
    arrow_options.endpoint_override = std::string(rest);
    return {};
  }
  return InvalidOption("storage endpoint '" + options.endpoint + "' is not of the form http(s)://host[:port]");
}

Result<arrow::fs::S3Options> ToArrow(const S3Options& options, std::shared_ptr<S3ErrorLog> log) {
  if (options.access_key_id.empty() != options.secret_access_key.empty()) {
    return InvalidOption("storage needs both access_key_id and secret_access_key, or neither");
  }
  auto arrow_options = options.access_key_id.empty()
                           ? arrow::fs::S3Options::Defaults()
                           : arrow::fs::S3Options::FromAccessKey(options.access_key_id, options.secret_access_key,
                                                                 options.session_token);
  K2I_RETURN_IF_ERROR(SetEndpoint(options, arrow_options));
  const bool own_endpoint = !options.endpoint.empty();
  arrow_options.region = options.region.empty() && own_endpoint ? "us-east-1" : options.region;
  arrow_options.force_virtual_addressing = !options.path_style.value_or(own_endpoint);
  arrow_options.connect_timeout = Seconds(options.connect_timeout);
  arrow_options.request_timeout = Seconds(options.request_timeout);
  arrow_options.tls_ca_file_path = options.tls_ca_file;
  // On the caller's thread: at most one part in memory, and errors come with their code (S3ErrorLog).
  arrow_options.background_writes = false;
  // Small files in one request, without a multipart upload around it.
  arrow_options.allow_delayed_open = true;
  arrow_options.retry_strategy = std::move(log);
  return arrow_options;
}

/// Once per process, whichever store comes first.
Status InitializeOnce() {
  static const arrow::Status status = [] {
    auto options = arrow::fs::S3GlobalOptions::Defaults();
    options.install_sigpipe_handler = true;
    const auto initialized = arrow::fs::InitializeS3(options);
    return arrow::fs::IsS3Initialized() ? arrow::Status::OK() : initialized;
  }();
  if (status.ok()) return {};
  return Fail(ErrorCode::kInternal, "the S3 library does not start: " + status.message(), Component::kStorage);
}

int64_t ModifiedMs(const arrow::fs::FileInfo& info) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(info.mtime().time_since_epoch()).count();
}

class S3InputFile final : public InputFile {
 public:
  S3InputFile(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size_bytes, std::shared_ptr<S3ErrorLog> log,
              std::string location)
      : file_(std::move(file)), size_bytes_(size_bytes), log_(std::move(log)), location_(std::move(location)) {}
  int64_t size_bytes() const override { return size_bytes_; }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    length = std::min(length, size_bytes_ - position);
    if (length <= 0) return 0;
    S3ErrorLog::Clear();
    const auto got = file_->ReadAt(position, length, out);
    if (!got.ok()) return std::unexpected(ArrowError(got.status(), *log_, "read", location_));
    return *got;
  }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_bytes_;
  std::shared_ptr<S3ErrorLog> log_;
  const std::string location_;
};

class S3OutputFile final : public OutputFile {
 public:
  S3OutputFile(std::shared_ptr<arrow::io::OutputStream> stream, std::shared_ptr<S3ErrorLog> log, std::string location)
      : stream_(std::move(stream)), log_(std::move(log)), location_(std::move(location)) {}
  /// Arrow's stream would upload what it has when it is dropped.
  ~S3OutputFile() override { Abort(); }

  Status Append(std::string_view bytes) override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    S3ErrorLog::Clear();
    const auto status = stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
    if (!status.ok()) {
      const Error error = ArrowError(status, *log_, "write", location_);
      Abort();
      return std::unexpected(error);
    }
    bytes_written_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  Status Close() override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    S3ErrorLog::Clear();
    const auto status = std::exchange(stream_, nullptr)->Close();
    if (!status.ok()) return std::unexpected(ArrowError(status, *log_, "write", location_));
    return {};
  }

  void Abort() override {
    if (auto stream = std::exchange(stream_, nullptr)) static_cast<void>(stream->Abort());
  }

  int64_t bytes_written() const override { return bytes_written_; }

 private:
  Status CheckOpen() const {
    if (stream_) return {};
    return Fail(ErrorCode::kInternal, location_ + " was closed, aborted or has failed", Component::kStorage);
  }

  std::shared_ptr<arrow::io::OutputStream> stream_;  // null: closed, aborted or failed
  std::shared_ptr<S3ErrorLog> log_;
  const std::string location_;
  int64_t bytes_written_ = 0;
};

}  // namespace

S3ObjectStore::S3ObjectStore(std::shared_ptr<arrow::fs::S3FileSystem> file_system, std::shared_ptr<S3ErrorLog> log)
    : file_system_(std::move(file_system)), log_(std::move(log)) {}

S3ObjectStore::~S3ObjectStore() = default;

Result<std::unique_ptr<S3ObjectStore>> S3ObjectStore::Make(const S3Options& options) {
  K2I_RETURN_IF_ERROR(InitializeOnce());
  auto log = std::make_shared<S3ErrorLog>(options.max_attempts);
  K2I_ASSIGN_OR_RETURN(const auto arrow_options, ToArrow(options, log));
  auto file_system = arrow::fs::S3FileSystem::Make(arrow_options);
  if (!file_system.ok()) return InvalidOption("storage: " + file_system.status().message());
  return std::unique_ptr<S3ObjectStore>(new S3ObjectStore(*std::move(file_system), std::move(log)));
}

Result<std::string> S3ObjectStore::Read(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  S3ErrorLog::Clear();
  const auto read = [&]() -> arrow::Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const auto file, file_system_->OpenInputFile(path));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
    std::string bytes(static_cast<size_t>(size), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file->ReadAt(0, size, bytes.data()));
    if (got != size) return arrow::Status::IOError("got ", got, " of ", size, " bytes");
    return bytes;
  };
  auto bytes = read();
  if (!bytes.ok()) return std::unexpected(ArrowError(bytes.status(), *log_, "read", location));
  return *std::move(bytes);
}

Result<std::unique_ptr<InputFile>> S3ObjectStore::OpenForRead(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  S3ErrorLog::Clear();
  auto file = file_system_->OpenInputFile(path);
  if (!file.ok()) return std::unexpected(ArrowError(file.status(), *log_, "read", location));
  const auto size = (*file)->GetSize();
  if (!size.ok()) return std::unexpected(ArrowError(size.status(), *log_, "read", location));
  return std::make_unique<S3InputFile>(*std::move(file), *size, log_, std::string(location));
}

Status S3ObjectStore::Create(std::string_view location, std::string_view bytes) {
  K2I_ASSIGN_OR_RETURN(const auto file, OpenForWrite(location));
  K2I_RETURN_IF_ERROR(file->Append(bytes));
  return file->Close();
}

Result<std::unique_ptr<OutputFile>> S3ObjectStore::OpenForWrite(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  S3ErrorLog::Clear();
  auto stream = file_system_->OpenOutputStream(path, nullptr);
  if (!stream.ok()) return std::unexpected(ArrowError(stream.status(), *log_, "write", location));
  return std::make_unique<S3OutputFile>(*std::move(stream), log_, std::string(location));
}

Status S3ObjectStore::Delete(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  S3ErrorLog::Clear();
  const auto status = file_system_->DeleteFile(path);
  if (status.ok()) return {};
  Error error = ArrowError(status, *log_, "delete", location);
  if (error.code == ErrorCode::kNotFound) return {};
  return std::unexpected(std::move(error));
}

Result<FileInfo> S3ObjectStore::Stat(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, S3Path(location));
  S3ErrorLog::Clear();
  const auto info = file_system_->GetFileInfo(path);
  if (!info.ok()) return std::unexpected(ArrowError(info.status(), *log_, "stat", location));
  if (!info->IsFile()) {
    return Fail(ErrorCode::kNotFound, "no file " + std::string(location), Component::kStorage);
  }
  return FileInfo{std::string(location), info->size(), ModifiedMs(*info)};
}

Result<std::vector<FileInfo>> S3ObjectStore::List(std::string_view prefix) {
  std::vector<FileInfo> files;
  K2I_RETURN_IF_ERROR(ForEachFile(prefix, [&](const FileInfo& file) -> Status {
    files.push_back(file);
    return {};
  }));
  return files;
}

Status S3ObjectStore::ForEachFile(std::string_view prefix, const FileVisitor& visit) {
  arrow::fs::FileSelector selector;
  K2I_ASSIGN_OR_RETURN(selector.base_dir, S3Path(prefix));
  selector.recursive = true;
  selector.allow_not_found = true;
  S3ErrorLog::Clear();
  const auto next_page = file_system_->GetFileInfoGenerator(selector);
  Status visited;
  for (;;) {
    const auto page = next_page().result();
    if (!page.ok()) return std::unexpected(ArrowError(page.status(), *log_, "list", prefix, /*any_thread=*/true));
    if (arrow::IsIterationEnd(*page)) return visited;
    // After an error the rest is read and dropped: the generator's requests must not outlive this call.
    for (const auto& info : *page) {
      if (!info.IsFile() || !visited.has_value()) continue;
      const std::string name = info.path().substr(selector.base_dir.size() + 1);
      visited = visit(FileInfo{JoinLocation(prefix, name), info.size(), ModifiedMs(info)});
    }
  }
}

void ShutdownS3() {
  if (arrow::fs::IsS3Initialized()) static_cast<void>(arrow::fs::FinalizeS3());
}

}  // namespace k2i::io
