// SPDX-License-Identifier: Apache-2.0
//
// A query::Service that answers what a test has put into it. For the ways in: HTTP, Flight, command line.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "query/service.h"

namespace k2i::query {

/// What FakeAnswer gives, and what became of it. Shared with the test, which may look at it from its own thread.
struct FakeScript {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<Pinned> pinned;
  std::deque<Result<std::shared_ptr<arrow::RecordBatch>>> batches;  // then the end
  bool wait_for_cancel = false;                                     // at the end, Next waits until it is cancelled

  bool answer_comes_late = false;  // there is none before the request is gone, a few seconds at most

  std::mutex mutex;
  std::condition_variable woken;
  bool waiting = false;  // Next waits for Cancel
  bool cancelled = false;
  bool destroyed = false;

  /// Waits until `what` holds, a few seconds at most; says whether it does.
  bool Await(const bool FakeScript::*what) {
    std::unique_lock lock(mutex);
    return woken.wait_for(lock, std::chrono::seconds(10), [&] { return this->*what; });
  }
  void Set(bool FakeScript::*what) {
    std::lock_guard lock(mutex);
    this->*what = true;
    woken.notify_all();
  }
};

class FakeAnswer final : public Answer {
 public:
  explicit FakeAnswer(std::shared_ptr<FakeScript> script) : script_(std::move(script)) {}
  ~FakeAnswer() override { script_->Set(&FakeScript::destroyed); }
  const std::shared_ptr<arrow::Schema>& schema() const override { return script_->schema; }
  const std::vector<Pinned>& pinned() const override { return script_->pinned; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (script_->batches.empty() && script_->wait_for_cancel) {
      script_->Set(&FakeScript::waiting);
      script_->Await(&FakeScript::cancelled);
      return Fail(ErrorCode::kCancelled, "the query was cancelled");
    }
    if (script_->batches.empty()) return nullptr;
    auto next = std::move(script_->batches.front());
    script_->batches.pop_front();
    return next;
  }
  void Cancel() override { script_->Set(&FakeScript::cancelled); }

 private:
  const std::shared_ptr<FakeScript> script_;
};

/// Remembers the last request of each kind. Each call gives `answer`'s script, or `error` where that is set; several
/// calls must not share a script that is used up.
class FakeService final : public Service {
 public:
  Result<std::unique_ptr<Answer>> Query(const SqlRequest& request) override { return Take(request, last_sql); }
  Result<std::unique_ptr<Answer>> Lookup(const LookupRequest& request) override { return Take(request, last_lookup); }
  Result<std::unique_ptr<Answer>> Tail(const TailRequest& request) override { return Take(request, last_tail); }
  Result<Description> Describe(const std::string&) override {
    if (error) return std::unexpected(*error);
    return Description{answer->schema, arrow::schema({})};
  }
  std::vector<TableInfo> Tables() override { return tables; }
  Result<TableInfo> Table(const std::string& name) override {
    for (const TableInfo& table : tables) {
      if (name == table.table || name == table.database + "." + table.table) return table;
    }
    return Fail(ErrorCode::kNotFound, "there is no table '" + name + "'");
  }

  std::shared_ptr<FakeScript> answer = std::make_shared<FakeScript>();
  std::optional<Error> error;
  std::vector<TableInfo> tables;
  SqlRequest last_sql;
  LookupRequest last_lookup;
  TailRequest last_tail;

 private:
  template <typename Request>
  Result<std::unique_ptr<Answer>> Take(const Request& request, Request& last) {
    std::shared_ptr<FakeScript> script;
    {
      const std::lock_guard lock(mutex_);
      last = request;
      if (error) return std::unexpected(*error);
      script = answer;
    }
    if constexpr (requires { request.gone; }) {
      if (script->answer_comes_late) {
        const std::stop_callback cancel(request.gone, [&] { script->Set(&FakeScript::cancelled); });
        script->Set(&FakeScript::waiting);
        script->Await(&FakeScript::cancelled);
        return Fail(ErrorCode::kCancelled, "nobody waits for it");
      }
    }
    return std::make_unique<FakeAnswer>(script);
  }

  std::mutex mutex_;
};

}  // namespace k2i::query
