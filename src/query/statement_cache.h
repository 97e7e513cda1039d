// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <mutex>

#include "query/statement.h"

namespace k2i::query {

/// Statements that have been checked, by their text: programs ask the same ones again and again. Thread-safe.
class StatementCache {
 public:
  explicit StatementCache(size_t max_bytes) : max_bytes_(max_bytes) {}
  /// Null when it is not kept.
  std::shared_ptr<const Statement> Find(const std::string& sql);
  void Keep(const std::string& sql, std::shared_ptr<const Statement> statement);

 private:
  using Slot = std::pair<std::string, std::shared_ptr<const Statement>>;

  const size_t max_bytes_;
  std::mutex mutex_;
  std::list<Slot> slots_;  // newest first
  std::map<std::string_view, std::list<Slot>::iterator> by_sql_;
  size_t bytes_ = 0;
};

}  // namespace k2i::query
