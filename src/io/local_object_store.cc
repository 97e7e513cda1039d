// SPDX-License-Identifier: Apache-2.0
#include "io/local_object_store.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/random.h"
#include "io/location.h"
#include "io/posix_file.h"

namespace k2i::io {

namespace {

/// Small appends (page headers, Avro blocks) are gathered before they go to the disk.
constexpr size_t kWriteBufferBytes = 256 << 10;

/// A name no other process and no other thread picks, short whatever the file is called.
std::string TemporaryName(const std::string& folder) {
  static Random random(Random::SystemSeed());
  return JoinLocation(folder, ".k2i-" + random.Uuid() + ".tmp");
}

FileInfo InfoOf(std::string location, const struct stat& status) {
  const int64_t modified_ms = int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
  return FileInfo{std::move(location), int64_t{status.st_size}, modified_ms};
}

/// Written under a temporary name; takes its own with Publish.
class TemporaryFile {
 public:
  static Result<TemporaryFile> Open(std::string path) {
    const std::string folder = FolderOf(path);
    std::string temporary = TemporaryName(folder);
    auto file = PosixFile::CreateNew(temporary);
    // The folder is there nearly always: it is made when it turns out not to be.
    if (!file.has_value() && file.error().code == ErrorCode::kNotFound) {
      K2I_RETURN_IF_ERROR(CreateFolders(folder));
      file = PosixFile::CreateNew(temporary);
    }
    if (!file.has_value()) return std::unexpected(std::move(file).error());
    return TemporaryFile(std::move(*file), std::move(temporary), std::move(path));
  }

  TemporaryFile(TemporaryFile&& other) noexcept
      : file_(std::move(other.file_)), temporary_(std::exchange(other.temporary_, "")), path_(std::move(other.path_)) {}
  ~TemporaryFile() { Discard(); }

  Status Write(std::string_view bytes) { return file_.Write(bytes); }

  Status Publish(bool replace) {
    K2I_RETURN_IF_ERROR(file_.Sync());
    K2I_RETURN_IF_ERROR(file_.Close());
    K2I_RETURN_IF_ERROR(replace ? RenameReplace(temporary_, path_) : RenameNoReplace(temporary_, path_));
    temporary_.clear();
    return SyncFolder(FolderOf(path_));
  }

  void Discard() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
  }

 private:
  TemporaryFile(PosixFile file, std::string temporary, std::string path)
      : file_(std::move(file)), temporary_(std::move(temporary)), path_(std::move(path)) {}

  PosixFile file_;
  std::string temporary_;  // empty: published or discarded
  std::string path_;
};

class LocalOutputFile final : public OutputFile {
 public:
  explicit LocalOutputFile(TemporaryFile file) : file_(std::move(file)) {}

  Status Append(std::string_view bytes) override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    bytes_written_ += static_cast<int64_t>(bytes.size());
    if (buffer_.size() + bytes.size() <= kWriteBufferBytes) {
      buffer_.append(bytes);
      return {};
    }
    K2I_RETURN_IF_ERROR(Write(std::exchange(buffer_, {})));
    return Write(bytes);
  }

  Status Close() override {
    K2I_RETURN_IF_ERROR(CheckOpen());
    Status status = Write(buffer_);
    if (status.has_value()) status = file_->Publish(/*replace=*/true);
    file_.reset();
    return status;
  }

  void Abort() override { file_.reset(); }
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  Status CheckOpen() const {
    if (file_.has_value()) return {};
    return Fail(ErrorCode::kInternal, "the file was closed, aborted or has failed", Component::kStorage);
  }

  /// A file that has lost bytes must not be closed as if it were whole.
  Status Write(std::string_view bytes) {
    Status status = file_->Write(bytes);
    if (!status.has_value()) file_.reset();
    return status;
  }

  std::optional<TemporaryFile> file_;
  std::string buffer_;
  int64_t bytes_written_ = 0;
};

class LocalInputFile final : public InputFile {
 public:
  LocalInputFile(PosixFile file, int64_t size_bytes) : file_(std::move(file)), size_bytes_(size_bytes) {}
  int64_t size_bytes() const override { return size_bytes_; }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    return file_.ReadAt(position, length, out);
  }

 private:
  PosixFile file_;
  const int64_t size_bytes_;
};

/// Visits the files below the folder `path`, whose location is `location`.
Status Walk(const std::string& path, const std::string& location, const FileVisitor& visit) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) {
    // Not there, or gone since its parent was read.
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return std::unexpected(ErrnoError(errno, "list", path));
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (!entry) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string child = JoinLocation(path, name);
    struct stat status {};
    if (::lstat(child.c_str(), &status) != 0) {
      if (errno == ENOENT) continue;
      return std::unexpected(ErrnoError(errno, "stat", child));
    }
    if (S_ISREG(status.st_mode)) K2I_RETURN_IF_ERROR(visit(InfoOf(JoinLocation(location, name), status)));
    if (S_ISDIR(status.st_mode)) K2I_RETURN_IF_ERROR(Walk(child, JoinLocation(location, name), visit));
  }
  if (errno != 0) return std::unexpected(ErrnoError(errno, "list", path));
  return {};
}

}  // namespace

Result<std::string> LocalObjectStore::Read(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
  K2I_ASSIGN_OR_RETURN(PosixFile file, PosixFile::OpenForRead(path));
  return file.ReadAll();
}

Result<std::unique_ptr<InputFile>> LocalObjectStore::OpenForRead(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
  K2I_ASSIGN_OR_RETURN(PosixFile file, PosixFile::OpenForRead(path));
  K2I_ASSIGN_OR_RETURN(const int64_t size_bytes, file.SizeBytes());
  return std::make_unique<LocalInputFile>(std::move(file), size_bytes);
}

Status LocalObjectStore::Create(std::string_view location, std::string_view bytes) {
  K2I_ASSIGN_OR_RETURN(std::string path, LocalPath(location));
  K2I_ASSIGN_OR_RETURN(TemporaryFile file, TemporaryFile::Open(std::move(path)));
  K2I_RETURN_IF_ERROR(file.Write(bytes));
  return file.Publish(/*replace=*/false);
}

Result<std::unique_ptr<OutputFile>> LocalObjectStore::OpenForWrite(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(std::string path, LocalPath(location));
  K2I_ASSIGN_OR_RETURN(TemporaryFile file, TemporaryFile::Open(std::move(path)));
  return std::make_unique<LocalOutputFile>(std::move(file));
}

Status LocalObjectStore::Delete(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  return std::unexpected(ErrnoError(errno, "delete", path));
}

Result<FileInfo> LocalObjectStore::Stat(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const std::string path, LocalPath(location));
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::unexpected(ErrnoError(errno, "stat", path));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kNotFound, path + " is not a file", Component::kStorage);
  return InfoOf(std::string(location), status);
}

Result<std::vector<FileInfo>> LocalObjectStore::List(std::string_view prefix) {
  std::vector<FileInfo> files;
  K2I_RETURN_IF_ERROR(ForEachFile(prefix, [&](const FileInfo& file) -> Status {
    files.push_back(file);
    return {};
  }));
  return files;
}

Status LocalObjectStore::ForEachFile(std::string_view prefix, const FileVisitor& visit) {
  K2I_ASSIGN_OR_RETURN(const std::string path, LocalPath(prefix));
  return Walk(path, std::string(prefix), visit);
}

}  // namespace k2i::io
