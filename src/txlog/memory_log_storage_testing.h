// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>

#include "txlog/log_storage.h"

namespace k2i::txlog {

/// Segments in memory, with what a crash does to a disk: bytes that were not synced are lost, wholly or in part.
class MemoryLogStorage final : public LogStorage {
 public:
  /// Called before each operation ("create", "append", "sync", "truncate", "remove"); an error is returned in its
  /// place.
  std::function<Status(std::string_view operation)> fault;

  Result<std::vector<std::string>> List() override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files) names.push_back(name);
    return names;
  }
  Result<std::string> Read(const std::string& name) override { return files.at(name).bytes; }
  Status Create(const std::string& name, std::string_view bytes) override {
    if (fault) K2I_RETURN_IF_ERROR(fault("create"));
    files[name] = {std::string(bytes), bytes.size()};
    return {};
  }
  Status Append(const std::string& name, std::string_view bytes) override {
    if (fault) {
      if (auto failed = fault("append"); !failed) {
        files.at(name).bytes += bytes.substr(0, bytes.size() / 2);  // a full disk takes what it can
        return failed;
      }
    }
    files.at(name).bytes += bytes;
    return {};
  }
  Status Sync(const std::string& name) override {
    if (fault) K2I_RETURN_IF_ERROR(fault("sync"));
    files.at(name).synced = files.at(name).bytes.size();
    return {};
  }
  Status Truncate(const std::string& name, size_t size) override {
    if (fault) K2I_RETURN_IF_ERROR(fault("truncate"));
    files.at(name).bytes.resize(size);
    files.at(name).synced = size;
    return {};
  }
  Status Remove(const std::string& name) override {
    if (fault) K2I_RETURN_IF_ERROR(fault("remove"));
    files.erase(name);
    return {};
  }

  /// Power is cut: of what was not synced, `survivors` bytes of each file are left.
  void Crash(size_t survivors = 0) {
    for (auto& [name, file] : files) file.bytes.resize(std::min(file.bytes.size(), file.synced + survivors));
  }

  struct File {
    std::string bytes;
    size_t synced = 0;
  };
  std::map<std::string, File> files;
};

}  // namespace k2i::txlog
