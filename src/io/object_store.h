// SPDX-License-Identifier: Apache-2.0
//
// io: where files live. ObjectStore is the seam between K2I and local disks, S3, GCS and Azure; the in-memory store
// with faults for tests is io_testing. Locations are the URIs that stand in Iceberg metadata: "s3://bucket/key",
// "gs://bucket/key", "abfss://container@account.dfs.core.windows.net/key", "file:///dir/file" or an absolute path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace k2i::io {

struct FileInfo {
  std::string location;
  int64_t size_bytes = 0;
  int64_t modified_ms = 0;  // Unix epoch, UTC
};

using FileVisitor = std::function<Status(const FileInfo&)>;

/// A file being written. One thread at a time. Destroyed without Close: the same as Abort.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  /// Makes the file visible under its location, whole and durable (fsync of file and folder, or the store's
  /// acknowledgement). After an error the file may or may not be there.
  virtual Status Close() = 0;
  /// Leaves nothing visible, as far as the store allows.
  virtual void Abort() = 0;
  virtual int64_t bytes_written() const = 0;
};

/// A file open for reading at any position. Thread-safe; must not outlive its store.
class InputFile {
 public:
  virtual ~InputFile() = default;
  virtual int64_t size_bytes() const = 0;
  /// Reads `length` bytes from `position` into `out`, fewer where the file ends before; the number of bytes read.
  virtual Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) = 0;
};

/// A file whose bytes are in memory.
class BytesInputFile final : public InputFile {
 public:
  explicit BytesInputFile(std::string bytes) : bytes_(std::move(bytes)) {}
  int64_t size_bytes() const override { return static_cast<int64_t>(bytes_.size()); }
  Result<int64_t> ReadAt(int64_t position, int64_t length, char* out) override {
    if (position >= size_bytes()) return 0;
    return static_cast<int64_t>(bytes_.copy(out, static_cast<size_t>(length), static_cast<size_t>(position)));
  }

 private:
  const std::string bytes_;
};

/// Thread-safe. Every error carries Component::kStorage: NotFound, AlreadyExists, PermissionDenied, Unavailable,
/// Timeout, ResourceExhausted (disk full), InvalidArgument (a location of another scheme).
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Result<std::string> Read(std::string_view location) = 0;
  /// For files that are read in parts. A store that has nothing better reads the whole file.
  virtual Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) {
    K2I_ASSIGN_OR_RETURN(std::string bytes, Read(location));
    return std::make_unique<BytesInputFile>(std::move(bytes));
  }
  /// Writes a small file whole and durably. AlreadyExists where the store can tell (always on local disks).
  virtual Status Create(std::string_view location, std::string_view bytes) = 0;
  virtual Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) = 0;
  /// Deleting what is not there is a success.
  virtual Status Delete(std::string_view location) = 0;
  /// How many files DeleteMany deletes with one request where `location` is; 1: each takes a request of its own.
  virtual size_t DeletedAtOnce(std::string_view) { return 1; }
  /// Delete of each of them, in no order; the outcomes in theirs.
  virtual std::vector<Status> DeleteMany(std::span<const std::string> locations) {
    std::vector<Status> outcomes;
    for (const std::string& location : locations) outcomes.push_back(Delete(location));
    return outcomes;
  }
  virtual Result<FileInfo> Stat(std::string_view location) = 0;
  /// All files below `prefix`, recursively.
  virtual Result<std::vector<FileInfo>> List(std::string_view prefix) = 0;
  /// Tells `visit` of each of them in turn, on the caller's thread: for folders whose list need not fit in memory. An
  /// error of `visit` ends the listing and is its result.
  virtual Status ForEachFile(std::string_view prefix, const FileVisitor& visit) {
    K2I_ASSIGN_OR_RETURN(const std::vector<FileInfo> files, List(prefix));
    for (const FileInfo& file : files) K2I_RETURN_IF_ERROR(visit(file));
    return {};
  }
};

}  // namespace k2i::io
