// SPDX-License-Identifier: Apache-2.0
//
// The few POSIX calls of the local store, with their errors as ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::io {

/// NotFound, AlreadyExists, PermissionDenied, ResourceExhausted, InvalidArgument, Timeout, Unavailable; nullopt for 0
/// and for what a file cannot fail with.
std::optional<ErrorCode> CodeOfErrno(int error_number);
/// "operation path: reason" with the code of that errno value, else Internal.
Error ErrnoError(int error_number, std::string_view operation, const std::string& path);

/// An open file descriptor. One thread at a time.
class PosixFile {
 public:
  static Result<PosixFile> OpenForRead(const std::string& path);
  /// AlreadyExists when there is a file of that name.
  static Result<PosixFile> CreateNew(const std::string& path);

  PosixFile(PosixFile&& other) noexcept;
  PosixFile& operator=(PosixFile&& other) noexcept;
  ~PosixFile();

  Result<std::string> ReadAll();
  /// Fewer bytes than asked for only at the end of the file. Thread-safe.
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out);
  Result<int64_t> SizeBytes();
  Status Write(std::string_view bytes);
  Status Sync();
  Status Close();

 private:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

/// Makes a folder and those above it, each durable in its parent. Success when it is there.
Status CreateFolders(const std::string& folder);
/// Makes the names in `folder` durable.
Status SyncFolder(const std::string& folder);
/// Renames `from` to `to` of the same folder; AlreadyExists (and `from` stays) when `to` is there.
Status RenameNoReplace(const std::string& from, const std::string& to);
/// Renames `from` to `to`, in place of what is there.
Status RenameReplace(const std::string& from, const std::string& to);

/// "/dir" of "/dir/name"; "/" of "/name".
std::string FolderOf(const std::string& path);

}  // namespace k2i::io
