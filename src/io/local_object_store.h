// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/object_store.h"

namespace k2i::io {

/// Files on local disks: file: URIs and absolute paths. A file is written under a hidden temporary name in its own
/// folder
/// (".k2i-….tmp") and renamed when it is whole and synced, so that a crash leaves either all of it or such a temporary
/// file, which List shows. Parent folders are made as needed.
///
/// Create never replaces a file (AlreadyExists); Close of a streamed file does. List answers in the form of its prefix
/// ("file:///w" gives "file:///w/…"), and with nothing when the folder is not there.
class LocalObjectStore final : public ObjectStore {
 public:
  Result<std::string> Read(std::string_view location) override;
  Result<std::unique_ptr<InputFile>> OpenForRead(std::string_view location) override;
  Status Create(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<OutputFile>> OpenForWrite(std::string_view location) override;
  Status Delete(std::string_view location) override;
  Result<FileInfo> Stat(std::string_view location) override;
  Result<std::vector<FileInfo>> List(std::string_view prefix) override;
  Status ForEachFile(std::string_view prefix, const FileVisitor& visit) override;
};

}  // namespace k2i::io
