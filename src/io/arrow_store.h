// SPDX-License-Identifier: Apache-2.0
//
// Arrow's filesystems as ObjectStores: S3, GCS and Azure differ in what ArrowBackend says, and in nothing else.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "arrow/filesystem/type_fwd.h"
#include "arrow/io/type_fwd.h"
#include "arrow/status.h"
#include "io/object_store.h"

namespace k2i::io {

/// What one store is to Arrow. Thread-safe.
class ArrowBackend {
 public:
  struct Place {
    std::shared_ptr<arrow::fs::FileSystem> files;
    std::string path;  // "bucket/key"
  };

  virtual ~ArrowBackend() = default;
  /// InvalidArgument for a location of another store; InvalidConfig where the options do not reach it.
  virtual Result<Place> Find(std::string_view location) = 0;
  /// Comes before each call on Arrow, on the same thread.
  virtual void BeforeCall() {}
  /// `any_thread`: the call may have run on threads of Arrow's.
  virtual ErrorCode CodeOf(const arrow::Status& status, bool any_thread) const = 0;
  /// What to do about it, to stand behind the error's text; "" where the text says all.
  virtual std::string Advice(const arrow::Status&) const { return ""; }
  /// What a library threw through Arrow.
  virtual arrow::Status StatusOf(const std::exception& thrown) const {
    return arrow::Status::UnknownError(thrown.what());
  }
  /// Bytes that are gathered before a stream gets them; 0: it gathers by itself.
  virtual size_t write_size() const { return 0; }
  /// Whether a stream that is dropped can leave something under its name, to be deleted then.
  virtual bool abort_leaves_file() const { return false; }
  /// Whether a stream may take an upload for whole that is not, so that its size is asked for.
  virtual bool must_confirm_size() const { return false; }
  /// Whether a stream can be dropped without finishing what it writes.
  virtual bool can_abort() const { return true; }
};

/// The code for a status that says no more than Arrow's own codes and the errno it may carry.
ErrorCode CodeOfArrowStatus(const arrow::Status& status);

/// ObjectStore over a backend. Create does not notice a file that is there: names must be unique, as those of Iceberg's
/// files are. Close of a file makes it visible as a whole.
class ArrowObjectStore final : public ObjectStore {
 public:
  explicit ArrowObjectStore(std::shared_ptr<ArrowBackend> backend) : backend_(std::move(backend)) {}

  Result<std::string> Read(std::string_view location) override;
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  Result<FileInfo> Stat(std::string_view location) override;
  Result<std::vector<FileInfo>> List(std::string_view prefix) override;
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override;

 private:
  const std::shared_ptr<ArrowBackend> backend_;
};

}  // namespace k2i::io
