// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

/// Tables as the server has sent them last, with the ETag that says so, if there was one. A few, for their metadata may
/// be large. Thread-safe.
class TableCache {
 public:
  struct Entry {
    std::string etag;
    LoadedTable table;
  };

  std::optional<Entry> Find(const TableIdentifier& table) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(table.ToString());
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
  }
  void Put(std::string etag, const LoadedTable& table) {
    std::lock_guard lock(mutex_);
    const std::string name = table.identifier.ToString();
    if (entries_.size() >= kMostTables && !entries_.contains(name)) entries_.erase(entries_.begin());
    entries_[name] = {std::move(etag), table};
  }
  void Forget(const TableIdentifier& table) {
    std::lock_guard lock(mutex_);
    entries_.erase(table.ToString());
  }

 private:
  static constexpr size_t kMostTables = 16;

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace k2i::iceberg
