// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/commit_retry.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace k2i::iceberg {
namespace {

/// nullopt where the property is not set.
Result<std::optional<int64_t>> Number(const TableMetadata& table, const std::string& key, int64_t highest) {
  const auto found = table.properties.find(key);
  if (found == table.properties.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Fail(ErrorCode::kInvalidConfig, "table property " + key + " is not a number from 0 on: " + text);
  }
  return std::min(value, highest);
}

Result<std::optional<Duration>> Milliseconds(const TableMetadata& table, const std::string& key) {
  constexpr int64_t kYear = int64_t{366} * 24 * 3600 * 1000;
  K2I_ASSIGN_OR_RETURN(const auto value, Number(table, key, kYear));
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

}  // namespace

Result<RetryPolicy> CommitRetry(const TableMetadata& table, RetryPolicy policy) {
  K2I_ASSIGN_OR_RETURN(const auto retries,
                       Number(table, "commit.retry.num-retries", std::numeric_limits<int>::max() - 1));
  K2I_ASSIGN_OR_RETURN(const auto least, Milliseconds(table, "commit.retry.min-wait-ms"));
  K2I_ASSIGN_OR_RETURN(const auto most, Milliseconds(table, "commit.retry.max-wait-ms"));
  K2I_ASSIGN_OR_RETURN(const auto budget, Milliseconds(table, "commit.retry.total-timeout-ms"));
  if (retries) policy.max_attempts = static_cast<int>(*retries) + 1;
  if (least) policy.initial_backoff = *least;
  if (most) policy.max_backoff = *most;
  if (least || most) policy.max_backoff = std::max(policy.max_backoff, policy.initial_backoff);
  if (budget) policy.budget = std::max<Duration>(*budget, std::chrono::milliseconds(1));  // zero is no bound here
  return policy;
}

}  // namespace k2i::iceberg
