// SPDX-License-Identifier: Apache-2.0
//
// A query::Service of fixed tables, for tests of servers and of others' drivers. It knows so much SQL:
//   SELECT * FROM table [WHERE column = ?]   (columns of 64-bit numbers and of text; LIMIT n too)
//   SELECT ?                                 the value; before it is bound, a text is promised
//   SELECT forever                           one row, then nothing until it is cancelled
//   SELECT error Code / SELECT late error Code   fails at once, or after one row
// Tables: lake.events (every type), lake.numbers (100,000 rows, topic "numbers"), other.empty.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "query/service.h"

namespace k2i::server::flight {

class FixedTables final : public query::Service {
 public:
  FixedTables();

  Result<std::unique_ptr<query::Answer>> Query(const query::SqlRequest& request) override;
  Result<query::Description> Describe(const std::string& sql) override;
  Result<std::unique_ptr<query::Answer>> Lookup(const query::LookupRequest& request) override;
  Result<std::unique_ptr<query::Answer>> Tail(const query::TailRequest& request) override;
  std::vector<query::TableInfo> Tables() override;
  Result<query::TableInfo> Table(const std::string& name) override;

  /// Tails that follow get row `n` of lake.numbers, which they have not had.
  void AppendNumber();
  /// The next `count` calls of Table find that a commit came after them.
  void CommitAfterTable(int count) { commits_to_come_ = count; }

  query::SqlRequest last_request() const;
  int open_answers() const { return *open_answers_; }
  int cancelled_answers() const { return *cancelled_answers_; }

 private:
  struct Stored {
    query::TableInfo info;
    std::shared_ptr<arrow::RecordBatch> rows;
  };
  struct Plan;

  Result<Plan> Parse(const std::string& sql) const;
  Result<const Stored*> Find(const std::string& name) const;

  std::map<std::string, Stored> tables_;
  mutable std::mutex mutex_;
  query::SqlRequest last_request_;
  std::atomic<int> commits_to_come_ = 0;
  std::atomic<int64_t> appended_ = 0;
  const std::shared_ptr<std::atomic<int>> open_answers_ = std::make_shared<std::atomic<int>>(0);
  const std::shared_ptr<std::atomic<int>> cancelled_answers_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace k2i::server::flight
