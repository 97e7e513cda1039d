// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "io/object_store.h"
#include "io/storage_options.h"

namespace arrow::fs {
class S3FileSystem;
}

namespace k2i::io {

class S3ErrorLog;

/// Objects in S3 and what speaks its protocol, over Arrow's S3FileSystem. Takes s3://, s3a:// and s3n:// locations.
///
/// - Create does not notice an object that is there: names must be unique, as those of Iceberg files are.
/// - A streamed file is sent in parts of 10 MB as it is appended, on the caller's thread, so that no more than one part
///   is held in memory; less goes in one request. When Close fails, parts that were sent stay until the bucket's
///   rule for incomplete uploads removes them.
/// - Delete leaves an empty object "folder/" in place of the last file of a folder; List does not show it.
class S3ObjectStore final : public ObjectStore {
 public:
  /// No request is sent. InvalidConfig for options that cannot be: an endpoint without http:// or https://, half a key.
  static Result<std::unique_ptr<S3ObjectStore>> Make(const S3Options& options);
  ~S3ObjectStore() override;

  Result<std::string> Read(std::string_view location) override;
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  Result<FileInfo> Stat(std::string_view location) override;
  Result<std::vector<FileInfo>> List(std::string_view prefix) override;
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override;

 private:
  S3ObjectStore(std::shared_ptr<arrow::fs::S3FileSystem> file_system, std::shared_ptr<S3ErrorLog> log);

  std::shared_ptr<arrow::fs::S3FileSystem> file_system_;
  std::shared_ptr<S3ErrorLog> log_;
};

/// Shuts the S3 library down, if it was used; main calls it last, when no store is left. S3 cannot be used after it.
void ShutdownS3();

}  // namespace k2i::io
