// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/commit_retry.h"

#include <gtest/gtest.h>

namespace k2i::iceberg {
namespace {

using std::chrono::milliseconds;

Result<RetryPolicy> With(std::map<std::string, std::string> properties) {
  TableMetadata table;
  table.properties = std::move(properties);
  return CommitRetry(table, {.max_attempts = 50,
                             .initial_backoff = milliseconds(20),
                             .max_backoff = milliseconds(160),
                             .budget = Duration(0)});
}

TEST(CommitRetryTest, WhatTheTableDoesNotSayStays) {
  const auto policy = With({}).value();
  EXPECT_EQ(policy.max_attempts, 50);
  EXPECT_EQ(policy.initial_backoff, milliseconds(20));
  EXPECT_EQ(policy.max_backoff, milliseconds(160));
  EXPECT_EQ(policy.budget, Duration(0));
}

TEST(CommitRetryTest, TheTablesPropertiesWin) {
  const auto policy = With({{"commit.retry.num-retries", "7"},
                            {"commit.retry.min-wait-ms", "5"},
                            {"commit.retry.max-wait-ms", "9"},
                            {"commit.retry.total-timeout-ms", "3000"}})
                          .value();
  EXPECT_EQ(policy.max_attempts, 8);
  EXPECT_EQ(policy.initial_backoff, milliseconds(5));
  EXPECT_EQ(policy.max_backoff, milliseconds(9));
  EXPECT_EQ(policy.budget, milliseconds(3000));
  EXPECT_EQ(With({{"commit.retry.num-retries", "0"}})->max_attempts, 1);
  EXPECT_EQ(With({{"commit.retry.min-wait-ms", "500"}})->max_backoff, milliseconds(500));
  EXPECT_GT(With({{"commit.retry.total-timeout-ms", "0"}})->budget, Duration(0));
}

TEST(CommitRetryTest, NonsenseIsRefused) {
  for (const char* text : {"", "many", "-1", "3s"}) {
    EXPECT_EQ(With({{"commit.retry.num-retries", text}}).error().code, ErrorCode::kInvalidConfig) << text;
  }
}

}  // namespace
}  // namespace k2i::iceberg
