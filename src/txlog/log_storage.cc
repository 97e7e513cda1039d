// SPDX-License-Identifier: Apache-2.0
#include "txlog/log_storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace k2i::txlog {
namespace {

std::unexpected<Error> FromErrno(int error, std::string_view what, const std::string& path) {
  ErrorCode code = ErrorCode::kInternal;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kResourceExhausted;
  if (error == EACCES || error == EPERM || error == EROFS) code = ErrorCode::kPermissionDenied;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  return Fail(code, fmt::format("{} {}: {}", what, path, std::strerror(error)), Component::kTransactionLog);
}

/// Closes on leaving.
struct FileDescriptor {
  explicit FileDescriptor(int descriptor) : fd(descriptor) {}
  ~FileDescriptor() {
    if (fd >= 0) ::close(fd);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int fd;
};

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FromErrno(errno, "cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

/// Reads up to `size` bytes; less where the file ends before. -1: see errno.
ssize_t ReadAll(int fd, char* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, bytes + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return got;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

Result<std::vector<std::string>> ListLogFolder(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  // Not a range-for: its increment throws.
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
    names.push_back(file->path().filename().string());
  }
  if (error) return FromErrno(error.value(), "cannot list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> ReadLogFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) return FromErrno(errno, "cannot open", path);
  std::string bytes;
  ssize_t got = 0;
  bytes.resize_and_overwrite(static_cast<size_t>(info.st_size), [&](char* to, size_t size) {
    got = ReadAll(file.fd, to, size);
    return static_cast<size_t>(std::max<ssize_t>(0, got));
  });
  if (got < 0) return FromErrno(errno, "cannot read", path);
  return bytes;
}

Result<std::unique_ptr<PosixLogStorage>> PosixLogStorage::Open(const std::string& folder) {
  std::error_code made;
  std::filesystem::create_directories(folder, made);
  if (made) return FromErrno(made.value(), "cannot make the folder of the transaction log,", folder);
  auto storage = std::unique_ptr<PosixLogStorage>(new PosixLogStorage(folder));
  const std::string lock = storage->Path("lock");
  storage->lock_fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (storage->lock_fd_ < 0) return FromErrno(errno, "cannot open", lock);
  if (::flock(storage->lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FromErrno(errno, "cannot lock", lock);
    return Fail(ErrorCode::kAlreadyExists,
                fmt::format("another process uses the transaction log in {}; give each process its own "
                            "transaction_log.log_dir",
                            folder),
                Component::kTransactionLog);
  }
  return storage;
}

PosixLogStorage::~PosixLogStorage() {
  if (appender_fd_ >= 0) ::close(appender_fd_);
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Result<std::vector<std::string>> PosixLogStorage::List() { return ListLogFolder(folder_); }

Result<std::string> PosixLogStorage::Read(const std::string& name) { return ReadLogFile(Path(name)); }

Status PosixLogStorage::Create(const std::string& name, std::string_view bytes) {
  const std::string path = Path(name);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.fd < 0) return FromErrno(errno, "cannot create", path);
  K2I_RETURN_IF_ERROR(WriteAll(file.fd, bytes, path));
  if (::fsync(file.fd) != 0) return FromErrno(errno, "cannot sync", path);
  return SyncFolder();
}

Status PosixLogStorage::SyncFolder() {
  const FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) return FromErrno(errno, "cannot sync", folder_);
  return {};
}

Result<int> PosixLogStorage::Appender(const std::string& name) {
  if (appender_name_ == name && appender_fd_ >= 0) return appender_fd_;
  if (appender_fd_ >= 0) ::close(appender_fd_);
  appender_fd_ = ::open(Path(name).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  appender_name_ = name;
  if (appender_fd_ < 0) return FromErrno(errno, "cannot open", Path(name));
  return appender_fd_;
}

Status PosixLogStorage::Append(const std::string& name, std::string_view bytes) {
  K2I_ASSIGN_OR_RETURN(const int fd, Appender(name));
  return WriteAll(fd, bytes, Path(name));
}

Status PosixLogStorage::Sync(const std::string& name) {
  K2I_ASSIGN_OR_RETURN(const int fd, Appender(name));
  if (::fdatasync(fd) != 0) return FromErrno(errno, "cannot sync", Path(name));
  return {};
}

Status PosixLogStorage::Truncate(const std::string& name, size_t size) {
  K2I_ASSIGN_OR_RETURN(const int fd, Appender(name));
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return FromErrno(errno, "cannot cut", Path(name));
  return Sync(name);
}

Status PosixLogStorage::Remove(const std::string& name) {
  if (::unlink(Path(name).c_str()) != 0 && errno != ENOENT) return FromErrno(errno, "cannot remove", Path(name));
  return {};
}

}  // namespace k2i::txlog
