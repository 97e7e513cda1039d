// SPDX-License-Identifier: Apache-2.0
#include "query/statement_cache.h"

#include <utility>

namespace k2i::query {

std::shared_ptr<const Statement> StatementCache::Find(const std::string& sql) {
  std::lock_guard lock(mutex_);
  const auto it = by_sql_.find(sql);
  if (it == by_sql_.end()) return nullptr;
  slots_.splice(slots_.begin(), slots_, it->second);
  return it->second->second;
}

void StatementCache::Keep(const std::string& sql, std::shared_ptr<const Statement> statement) {
  std::lock_guard lock(mutex_);
  if (by_sql_.contains(sql)) return;
  slots_.emplace_front(sql, std::move(statement));
  by_sql_[slots_.front().first] = slots_.begin();
  bytes_ += sql.size();
  while (bytes_ > max_bytes_) {
    bytes_ -= slots_.back().first.size();
    by_sql_.erase(slots_.back().first);
    slots_.pop_back();
  }
}

}  // namespace k2i::query
