// SPDX-License-Identifier: Apache-2.0
#include "io/posix_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace k2i::io {

namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
constexpr size_t kReadChunkBytes = 1 << 20;

std::unexpected<Error> FailErrno(std::string_view operation, const std::string& path) {
  return std::unexpected(ErrnoError(errno, operation, path));
}

}  // namespace

std::optional<ErrorCode> CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::kResourceExhausted;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return ErrorCode::kInvalidArgument;
    case ETIMEDOUT:
      return ErrorCode::kTimeout;
    case EAGAIN:
    case EBUSY:
    case EIO:
    case ESTALE:
      return ErrorCode::kUnavailable;
    default:
      return std::nullopt;
  }
}

Error ErrnoError(int error_number, std::string_view operation, const std::string& path) {
  return Error{CodeOfErrno(error_number).value_or(ErrorCode::kInternal),
               std::string(operation) + " " + path + ": " + std::generic_category().message(error_number),
               Component::kStorage};
}

Result<PosixFile> PosixFile::OpenForRead(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FailErrno("open", path);
  return PosixFile(fd, path);
}

Result<PosixFile> PosixFile::CreateNew(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd < 0) return FailErrno("create", path);
  return PosixFile(fd, path);
}

PosixFile::PosixFile(PosixFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

PosixFile& PosixFile::operator=(PosixFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

PosixFile::~PosixFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> PosixFile::ReadAll() {
  std::string bytes;
  struct stat status {};
  if (::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode)) bytes.reserve(static_cast<size_t>(status.st_size) + 1);
  for (;;) {
    const size_t had = bytes.size();
    bytes.resize(had < bytes.capacity() ? bytes.capacity() : had + kReadChunkBytes);
    const ssize_t got = ::read(fd_, bytes.data() + had, bytes.size() - had);
    bytes.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) return FailErrno("read", path_);
  }
}

Result<int64_t> PosixFile::ReadAt(int64_t position, int64_t length, char* out) {
  int64_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(fd_, out + done, static_cast<size_t>(length - done), position + done);
    if (got == 0) break;
    if (got > 0) done += got;
    if (got < 0 && errno != EINTR) return FailErrno("read", path_);
  }
  return done;
}

Result<int64_t> PosixFile::SizeBytes() {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return FailErrno("stat", path_);
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kNotFound, path_ + " is not a file", Component::kStorage);
  return int64_t{status.st_size};
}

Status PosixFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FailErrno("write", path_);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status PosixFile::Sync() {
  if (::fsync(fd_) != 0) return FailErrno("fsync", path_);
  return {};
}

Status PosixFile::Close() {
  // Linux closes the descriptor even when close() reports an error.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) return FailErrno("close", path_);
  return {};
}

Status SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FailErrno("open folder", folder);
  Status status;
  // Some file systems (FUSE, network) cannot sync a folder and say EINVAL; there is nothing better to do on them.
  if (::fsync(fd) != 0 && errno != EINVAL) status = FailErrno("fsync folder", folder);
  ::close(fd);
  return status;
}

Status CreateFolders(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return Fail(ErrorCode::kInvalidArgument, folder + " is not a folder", Component::kStorage);
  }
  if (errno != ENOENT) return FailErrno("stat", folder);
  const std::string parent = FolderOf(folder);
  K2I_RETURN_IF_ERROR(CreateFolders(parent));
  if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) return FailErrno("create folder", folder);
  return SyncFolder(parent);
}

Status RenameNoReplace(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return FailErrno("create", to);
  // The file system does not know the flag: a hard link refuses to replace, too.
  if (::link(from.c_str(), to.c_str()) != 0) return FailErrno("create", to);
  ::unlink(from.c_str());
  return {};
}

Status RenameReplace(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return FailErrno("rename to", to);
  return {};
}

std::string FolderOf(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  const size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  const size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

}  // namespace k2i::io
