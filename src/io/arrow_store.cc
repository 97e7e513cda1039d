// SPDX-License-Identifier: Apache-2.0
#include "io/arrow_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/filesystem/filesystem.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "arrow/util/future.h"
#include "arrow/util/io_util.h"
#include "arrow/util/iterator.h"
#include "io/location.h"
#include "io/posix_file.h"

namespace k2i::io {

namespace {

/// Each piece is a request to S3; a small file is one piece.
constexpr int64_t kReadSize = 8 << 20;

/// One call on Arrow: `call` returns arrow::Status or arrow::Result<T>, and the libraries below it may throw.
template <typename Call>
auto Ask(ArrowBackend& backend, Call call) -> decltype(call()) {
  backend.BeforeCall();
  try {
    return call();
  } catch (const std::exception& thrown) {
    return backend.StatusOf(thrown);
  }
}

/// What fails and for which location.
struct Operation {
  std::string_view name;
  std::string_view location;
  bool any_thread = false;
};

std::unexpected<Error> ErrorOf(const ArrowBackend& backend, const arrow::Status& status, const Operation& operation) {
  std::string text = std::string(operation.name) + " " + std::string(operation.location) + ": " + status.message();
  if (const std::string advice = backend.Advice(status); !advice.empty()) text += " (" + advice + ")";
  return Fail(backend.CodeOf(status, operation.any_thread), std::move(text), Component::kStorage);
}

int64_t ModifiedMs(const arrow::fs::FileInfo& info) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(info.mtime().time_since_epoch()).count();
}

class ArrowInputFile final : public InputFile {
 public:
  ArrowInputFile(std::shared_ptr<ArrowBackend> backend, std::shared_ptr<arrow::io::RandomAccessFile> file,
                 int64_t size_bytes, std::string location)
      : backend_(std::move(backend)), file_(std::move(file)), size_bytes_(size_bytes), location_(std::move(location)) {}

  int64_t size_bytes() const override { return size_bytes_; }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    length = std::min(length, size_bytes_ - position);
    if (length <= 0) return 0;
    const auto got = Ask(*backend_, [&] { return file_->ReadAt(position, length, out); });
    if (!got.ok()) return ErrorOf(*backend_, got.status(), {"read", location_});
    return *got;
  }

 private:
  const std::shared_ptr<ArrowBackend> backend_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_bytes_;
  const std::string location_;
};

class ArrowOutputFile final : public OutputFile {
 public:
  ArrowOutputFile(std::shared_ptr<ArrowBackend> backend, std::shared_ptr<arrow::io::OutputStream> stream,
                  ArrowBackend::Place place, std::string location)
      : backend_(std::move(backend)),
        stream_(std::move(stream)),
        place_(std::move(place)),
        location_(std::move(location)) {}
  /// Arrow's streams would finish what they have when they are dropped.
  ~ArrowOutputFile() override { Abort(); }

  Status Append(std::string_view bytes) override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    bytes_written_ += static_cast<int64_t>(bytes.size());
    if (backend_->write_size() == 0) return WriteOrAbort(bytes);
    while (gathered_.size() + bytes.size() >= backend_->write_size()) {
      const size_t taken = backend_->write_size() - gathered_.size();
      gathered_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      K2I_RETURN_IF_ERROR(WriteOrAbort(gathered_));
      gathered_.clear();
    }
    gathered_.append(bytes);
    return {};
  }

  Status Close() override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    if (!gathered_.empty()) K2I_RETURN_IF_ERROR(WriteOrAbort(gathered_));
    const auto status = Ask(*backend_, [&] { return stream_->Close(); });
    if (!status.ok()) {
      const auto error = ErrorOf(*backend_, status, {"write", location_});
      Drop();
      return error;
    }
    stream_.reset();
    return backend_->must_confirm_size() ? ConfirmSize() : Status();
  }

  void Abort() override {
    if (!stream_) return;
    Drop();
    if (!backend_->abort_leaves_file()) return;
    static_cast<void>(Ask(*backend_, [&] { return place_.files->DeleteFile(place_.path); }));
  }

  int64_t bytes_written() const override { return bytes_written_; }

 private:
  Status CheckOpen() const {
    if (stream_) return {};
    return Fail(ErrorCode::kInternal, location_ + " was closed, aborted or has failed", Component::kStorage);
  }

  Status WriteOrAbort(std::string_view bytes) {
    const auto size = static_cast<int64_t>(bytes.size());
    const auto status = Ask(*backend_, [&] { return stream_->Write(bytes.data(), size); });
    if (status.ok()) return {};
    const auto error = ErrorOf(*backend_, status, {"write", location_});
    Abort();
    return error;
  }

  Status ConfirmSize() {
    const auto info = Ask(*backend_, [&] { return place_.files->GetFileInfo(place_.path); });
    if (!info.ok()) return ErrorOf(*backend_, info.status(), {"write", location_});
    if (info->size() == bytes_written_) return {};
    return Fail(ErrorCode::kUnavailable,
                "write " + location_ + ": the store has " + std::to_string(info->size()) + " of " +
                    std::to_string(bytes_written_) + " bytes",
                Component::kStorage);
  }

  void Drop() {
    const auto stream = std::exchange(stream_, nullptr);
    static_cast<void>(Ask(*backend_, [&] { return backend_->can_abort() ? stream->Abort() : stream->Close(); }));
  }

  const std::shared_ptr<ArrowBackend> backend_;
  std::shared_ptr<arrow::io::OutputStream> stream_;  // null: closed, aborted or failed
  const ArrowBackend::Place place_;
  const std::string location_;
  std::string gathered_;
  int64_t bytes_written_ = 0;
};

}  // namespace

ErrorCode CodeOfArrowStatus(const arrow::Status& status) {
  if (const auto code = CodeOfErrno(arrow::internal::ErrnoFromStatus(status))) return *code;
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ErrorCode::kResourceExhausted;
    case arrow::StatusCode::Invalid:
      return ErrorCode::kInvalidArgument;
    case arrow::StatusCode::Cancelled:
      return ErrorCode::kCancelled;
    case arrow::StatusCode::AlreadyExists:
      return ErrorCode::kAlreadyExists;
    case arrow::StatusCode::NotImplemented:
      return ErrorCode::kNotSupported;
    // A request failed in a way that says nothing of itself, such as a connection cut.
    case arrow::StatusCode::IOError:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

Result<std::string> ArrowObjectStore::Read(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const auto place, backend_->Find(location));
  const Operation operation{"read", location};
  const auto stream = Ask(*backend_, [&] { return place.files->OpenInputStream(place.path); });
  if (!stream.ok()) return ErrorOf(*backend_, stream.status(), operation);
  std::string bytes;
  for (;;) {
    const auto piece = Ask(*backend_, [&] { return (*stream)->Read(kReadSize); });
    if (!piece.ok()) return ErrorOf(*backend_, piece.status(), operation);
    if ((*piece)->size() == 0) return bytes;
    bytes.append(std::string_view(**piece));
  }
}

Result<std::unique_ptr<InputFile>> ArrowObjectStore::OpenForRead(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const auto place, backend_->Find(location));
  const Operation operation{"read", location};
  auto file = Ask(*backend_, [&] { return place.files->OpenInputFile(place.path); });
  if (!file.ok()) return ErrorOf(*backend_, file.status(), operation);
  const auto size = Ask(*backend_, [&] {
    // GCS's file begins a stream when it is first asked anything, and two threads must not do that at once.
    static_cast<void>((*file)->closed());
    return (*file)->GetSize();
  });
  if (!size.ok()) return ErrorOf(*backend_, size.status(), operation);
  return std::make_unique<ArrowInputFile>(backend_, *std::move(file), *size, std::string(location));
}

Status ArrowObjectStore::Create(std::string_view location, std::string_view bytes) {
  K2I_ASSIGN_OR_RETURN(const auto file, OpenForWrite(location));
  K2I_RETURN_IF_ERROR(file->Append(bytes));
  return file->Close();
}

Result<std::unique_ptr<OutputFile>> ArrowObjectStore::OpenForWrite(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(auto place, backend_->Find(location));
  auto stream = Ask(*backend_, [&] { return place.files->OpenOutputStream(place.path, nullptr); });
  if (!stream.ok()) return ErrorOf(*backend_, stream.status(), {"write", location});
  return std::make_unique<ArrowOutputFile>(backend_, *std::move(stream), std::move(place), std::string(location));
}

Status ArrowObjectStore::Delete(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const auto place, backend_->Find(location));
  const auto status = Ask(*backend_, [&] { return place.files->DeleteFile(place.path); });
  if (status.ok() || backend_->CodeOf(status, false) == ErrorCode::kNotFound) return {};
  return ErrorOf(*backend_, status, {"delete", location});
}

Result<FileInfo> ArrowObjectStore::Stat(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const auto place, backend_->Find(location));
  const auto info = Ask(*backend_, [&] { return place.files->GetFileInfo(place.path); });
  if (!info.ok()) return ErrorOf(*backend_, info.status(), {"stat", location});
  if (!info->IsFile()) {
    return Fail(ErrorCode::kNotFound, "no file " + std::string(location), Component::kStorage);
  }
  return FileInfo{std::string(location), info->size(), ModifiedMs(*info)};
}

Result<std::vector<FileInfo>> ArrowObjectStore::List(std::string_view prefix) {
  std::vector<FileInfo> files;
  K2I_RETURN_IF_ERROR(ForEachFile(prefix, [&](const FileInfo& file) -> Status {
    files.push_back(file);
    return {};
  }));
  return files;
}

Status ArrowObjectStore::ForEachFile(std::string_view prefix, const FileVisitor& visit) {
  K2I_ASSIGN_OR_RETURN(const auto place, backend_->Find(prefix));
  arrow::fs::FileSelector selector;
  selector.base_dir = place.path;
  selector.recursive = true;
  selector.allow_not_found = true;
  const auto next_page = place.files->GetFileInfoGenerator(selector);
  Status visited;
  for (;;) {
    const auto page = Ask(*backend_, [&] { return next_page().result(); });
    if (!page.ok()) return ErrorOf(*backend_, page.status(), {"list", prefix, /*any_thread=*/true});
    if (arrow::IsIterationEnd(*page)) return visited;
    // After an error the rest is read and dropped: the generator's requests must not outlive this call.
    for (const auto& info : *page) {
      if (!info.IsFile() || !visited.has_value()) continue;
      const std::string name = info.path().substr(place.path.size() + 1);
      visited = visit(FileInfo{JoinLocation(prefix, name), info.size(), ModifiedMs(info)});
    }
  }
}

}  // namespace k2i::io
