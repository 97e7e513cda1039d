// SPDX-License-Identifier: Apache-2.0
#include "server/flight/prepared_statements.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "server/flight/statement_handle.h"

namespace k2i::server::flight {

PreparedStatements::PreparedStatements(Clock& clock, size_t limit, Duration idle)
    : clock_(clock), limit_(limit), idle_(idle) {}

void PreparedStatements::DropIdleLocked() {
  const Duration now = clock_.monotonic();
  std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.last_used > idle_; });
}

Result<std::string> PreparedStatements::Add(std::string sql, query::Description description) {
  const std::lock_guard lock(mutex_);
  DropIdleLocked();
  if (entries_.size() >= limit_) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("there are {} prepared statements already; close those that are not needed", limit_));
  }
  std::string handle = RandomId();
  entries_[handle] = {{std::move(sql), std::move(description), {}}, clock_.monotonic()};
  return handle;
}

Result<PreparedStatements::Entry*> PreparedStatements::FindLocked(const std::string& handle) {
  DropIdleLocked();
  const auto found = entries_.find(handle);
  if (found == entries_.end()) {
    return Fail(ErrorCode::kNotFound, "no such prepared statement: it was closed, or nobody used it for a while");
  }
  found->second.last_used = clock_.monotonic();
  return &found->second;
}

Result<PreparedStatement> PreparedStatements::Find(const std::string& handle) {
  const std::lock_guard lock(mutex_);
  K2I_ASSIGN_OR_RETURN(const Entry* entry, FindLocked(handle));
  return entry->statement;
}

Status PreparedStatements::Bind(const std::string& handle, std::vector<std::shared_ptr<arrow::Scalar>> parameters) {
  const std::lock_guard lock(mutex_);
  K2I_ASSIGN_OR_RETURN(Entry * entry, FindLocked(handle));
  const auto wanted = static_cast<size_t>(entry->statement.description.parameters->num_fields());
  if (parameters.size() != wanted) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the statement has {} parameters, {} were given", wanted, parameters.size()));
  }
  entry->statement.parameters = std::move(parameters);
  return {};
}

void PreparedStatements::Close(const std::string& handle) {
  const std::lock_guard lock(mutex_);
  entries_.erase(handle);
}

}  // namespace k2i::server::flight
