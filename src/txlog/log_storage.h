// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace k2i::txlog {

/// Where segments are: a folder in the product, memory in tests and the simulator. One thread. Errors carry
/// Component::kTransactionLog: ResourceExhausted (disk full), PermissionDenied, Internal (I/O error).
class LogStorage {
 public:
  virtual ~LogStorage() = default;
  /// Names of all files, sorted.
  virtual Result<std::vector<std::string>> List() = 0;
  virtual Result<std::string> Read(const std::string& name) = 0;
  /// A new file with these bytes, durable with its name when this returns.
  virtual Status Create(const std::string& name, std::string_view bytes) = 0;
  /// After an error part of `bytes` may stand at the end of the file.
  virtual Status Append(const std::string& name, std::string_view bytes) = 0;
  /// Makes everything appended durable.
  virtual Status Sync(const std::string& name) = 0;
  /// Cuts the file, durably.
  virtual Status Truncate(const std::string& name, size_t size) = 0;
  virtual Status Remove(const std::string& name) = 0;
};

/// Names of all files in a log's folder, sorted, and the bytes of one. They take no lock and change nothing, so that a
/// log can be looked at while another process writes to it: the end may then be torn. Errors as of LogStorage;
/// NotFound, for a file may go at any time.
Result<std::vector<std::string>> ListLogFolder(const std::string& folder);
Result<std::string> ReadLogFile(const std::string& path);

/// A folder that this process alone has: the file `lock` in it is held with flock(2).
class PosixLogStorage final : public LogStorage {
 public:
  /// Makes the folder if need be. AlreadyExists when another process holds it.
  static Result<std::unique_ptr<PosixLogStorage>> Open(const std::string& folder);
  ~PosixLogStorage() override;

  Result<std::vector<std::string>> List() override;
  Result<std::string> Read(const std::string& name) override;
  Status Create(const std::string& name, std::string_view bytes) override;
  Status Append(const std::string& name, std::string_view bytes) override;
  Status Sync(const std::string& name) override;
  Status Truncate(const std::string& name, size_t size) override;
  Status Remove(const std::string& name) override;

 private:
  explicit PosixLogStorage(std::string folder) : folder_(std::move(folder)) {}
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  /// The descriptor of the file being appended to; kept open.
  Result<int> Appender(const std::string& name);
  Status SyncFolder();

  const std::string folder_;
  int lock_fd_ = -1;
  std::string appender_name_;
  int appender_fd_ = -1;
};

}  // namespace k2i::txlog
