// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "txlog/log_storage.h"

namespace k2i::txlog {

/// A step of the log at which a test has the process end (K2I_CRASH_AT).
struct CrashPoint {
  uint8_t type = 0;    // of the entry
  int occurrence = 1;  // which one of that type, counted from the start of the process
  bool after = false;  // once it is appended; else before
};

/// "<Entry>[:<n>][:before|after]": "CommitDone" is before the first of them, "FileWritten:3:after" after the third.
/// InvalidConfig otherwise; the entries' names are those of docs/format/txlog.md.
Result<CrashPoint> ParseCrashPoint(std::string_view text);

/// Another storage that calls `crash` at a point. What was appended stands, synced or not, as it does when a process is
/// killed and the machine goes on.
class CrashingLogStorage final : public LogStorage {
 public:
  CrashingLogStorage(std::unique_ptr<LogStorage> storage, CrashPoint point, std::function<void()> crash)
      : storage_(std::move(storage)), point_(point), crash_(std::move(crash)) {}

  Result<std::vector<std::string>> List() override { return storage_->List(); }
  Result<std::string> Read(const std::string& name) override { return storage_->Read(name); }
  Status Create(const std::string& name, std::string_view bytes) override { return storage_->Create(name, bytes); }
  Status Append(const std::string& name, std::string_view bytes) override;
  Status Sync(const std::string& name) override { return storage_->Sync(name); }
  Status Truncate(const std::string& name, size_t size) override { return storage_->Truncate(name, size); }
  Status Remove(const std::string& name) override { return storage_->Remove(name); }

 private:
  const std::unique_ptr<LogStorage> storage_;
  const CrashPoint point_;
  const std::function<void()> crash_;
  int seen_ = 0;
};

}  // namespace k2i::txlog
