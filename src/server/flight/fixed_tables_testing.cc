// SPDX-License-Identifier: Apache-2.0
#include "server/flight/fixed_tables_testing.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <regex>
#include <thread>

#include "server/flight/fixed_types_testing.h"

namespace k2i::server::flight {
namespace {

constexpr int64_t kNumbers = 100'000;
constexpr int64_t kCommitted = 99'000;  // of them, as numbers: the rest is hot
constexpr int64_t kInMemory = 98'000;   // the first number that memory still has

using Batch = std::shared_ptr<arrow::RecordBatch>;
using Batches = std::deque<Batch>;
using Counter = std::shared_ptr<std::atomic<int>>;
/// More rows, or null; waits a moment where there are none yet.
using More = std::function<Result<Batch>()>;

class FixedAnswer final : public query::Answer {
 public:
  struct Counters {
    Counter open;
    Counter cancelled;
  };
  FixedAnswer(std::shared_ptr<arrow::Schema> schema, query::Pinned pinned, Batches batches, More more,
              Counters counters)
      : schema_(std::move(schema)),
        pinned_({std::move(pinned)}),
        batches_(std::move(batches)),
        more_(std::move(more)),
        counters_(std::move(counters)) {
    ++*counters_.open;
  }
  ~FixedAnswer() override { --*counters_.open; }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<query::Pinned>& pinned() const override { return pinned_; }

  Result<Batch> Next() override {
    while (!cancelled_) {
      if (!batches_.empty()) {
        Batch batch = std::move(batches_.front());
        batches_.pop_front();
        return batch;
      }
      if (!more_) return nullptr;
      K2I_ASSIGN_OR_RETURN(Batch batch, more_());
      if (batch != nullptr) return batch;
    }
    return Fail(ErrorCode::kCancelled, "cancelled");
  }

  void Cancel() override {
    if (!cancelled_.exchange(true)) ++*counters_.cancelled;
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<query::Pinned> pinned_;
  Batches batches_;
  More more_;
  Counters counters_;
  std::atomic<bool> cancelled_ = false;
};

std::string Unquoted(std::string name) {
  std::erase(name, '"');
  return name;
}

ErrorCode CodeNamed(const std::string& name) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    if (ToString(static_cast<ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
  }
  return ErrorCode::kInternal;
}

OffsetVector Offsets(int64_t numbers) {
  return {{{"numbers", PartitionId{0}}, Offset{(numbers + 1) / 2}}, {{"numbers", PartitionId{1}}, Offset{numbers / 2}}};
}

Batch OneValue(const arrow::Scalar& value) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("v", value.type)}), 1,
                                  {arrow::MakeArrayFromScalar(value, 1).ValueOrDie()});
}

Batch OneText(const std::string& text) { return OneValue(*arrow::MakeScalar(text)); }

/// Rows whose `column` is `value`, of another type perhaps.
Batches Where(const Batch& rows, int column, const std::shared_ptr<arrow::Scalar>& value) {
  Batches found;
  if (value == nullptr || !value->is_valid) return found;
  const auto wanted = value->CastTo(rows->column(column)->type());
  for (int64_t row = 0; wanted.ok() && row < rows->num_rows(); ++row) {
    const auto scalar = rows->column(column)->GetScalar(row).ValueOrDie();
    if (scalar->Equals(**wanted)) found.push_back(rows->Slice(row, 1));
  }
  return found;
}

}  // namespace

struct FixedTables::Plan {
  enum Kind { kTable, kParameter, kForever, kError, kLateError } kind = kTable;
  const Stored* table = nullptr;
  int column = -1;     // of WHERE
  int64_t limit = -1;  // none
  ErrorCode error = ErrorCode::kInternal;
  std::shared_ptr<arrow::Schema> schema = arrow::schema({arrow::field("v", arrow::utf8())});
};

FixedTables::FixedTables() {
  const auto add = [this](const char* database, const char* table, const Batch& rows, OffsetVector all,
                          OffsetVector committed) {
    Stored stored{.rows = rows};
    stored.info = {.database = database,
                   .table = table,
                   .schema = rows->schema(),
                   .location = fmt::format("file:///warehouse/{}/{}", database, table),
                   .committed = std::move(committed),
                   .cold_rows = rows->num_rows(),
                   .cold_files = 1};
    const std::string name = fmt::format("{}.{}", database, table);
    stored.info.pinned = {
        name, rows->num_rows() == 0 ? std::nullopt : std::optional<int64_t>(1000), std::move(all), {}};
    tables_[name] = std::move(stored);
  };
  const TopicPartition events{"events", PartitionId{0}};
  add("lake", "events", EveryType(), {{events, Offset{3}}}, {{events, Offset{3}}});
  add("lake", "numbers", Numbers(kNumbers), Offsets(kNumbers), Offsets(kCommitted));
  tables_["lake.numbers"].info.hot_rows = kNumbers - kCommitted;
  add("other", "empty", Numbers(0), {}, {});
}

Result<const FixedTables::Stored*> FixedTables::Find(const std::string& name) const {
  const Stored* found = nullptr;
  for (const auto& [full_name, stored] : tables_) {
    if (full_name == name || stored.info.table == name) found = &stored;
  }
  if (found == nullptr) return Fail(ErrorCode::kNotFound, fmt::format("there is no table '{}'", name));
  return found;
}

Result<FixedTables::Plan> FixedTables::Parse(const std::string& sql) const {
  static const std::regex kTable(R"(\s*SELECT \* FROM (\S+)(?: WHERE (\S+) ?= ?(?:\?|\$1))?(?: LIMIT (\d+))?;?\s*)",
                                 std::regex::icase);
  static const std::regex kError(R"(SELECT (late )?error (\w+))");
  Plan plan;
  std::smatch parts;
  if (sql == "SELECT ?") {
    plan.kind = Plan::kParameter;
  } else if (sql == "SELECT forever") {
    plan.kind = Plan::kForever;
  } else if (std::regex_match(sql, parts, kError)) {
    plan.kind = parts[1].matched ? Plan::kLateError : Plan::kError;
    plan.error = CodeNamed(parts[2]);
  } else if (std::regex_match(sql, parts, kTable)) {
    K2I_ASSIGN_OR_RETURN(plan.table, Find(Unquoted(parts[1])));
    plan.schema = plan.table->rows->schema();
    if (parts[2].matched) plan.column = plan.schema->GetFieldIndex(Unquoted(parts[2]));
    if (parts[3].matched) plan.limit = std::stoll(parts[3]);
    if (parts[2].matched && plan.column < 0) return Fail(ErrorCode::kInvalidArgument, "there is no such column");
  } else {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("syntax error in '{}'", sql));
  }
  return plan;
}

Result<query::Description> FixedTables::Describe(const std::string& sql) {
  K2I_ASSIGN_OR_RETURN(const Plan plan, Parse(sql));
  arrow::FieldVector parameters;
  if (plan.kind == Plan::kParameter) parameters = {arrow::field("1", arrow::null())};
  if (plan.column >= 0) parameters = {arrow::field("1", plan.schema->field(plan.column)->type())};
  return query::Description{plan.schema, arrow::schema(parameters)};
}

Result<std::unique_ptr<query::Answer>> FixedTables::Query(const query::SqlRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    last_request_ = request;
  }
  K2I_ASSIGN_OR_RETURN(Plan plan, Parse(request.sql));
  Batches batches;
  More more;
  switch (plan.kind) {
    case Plan::kError:
      return Fail(plan.error, "as was asked for");
    case Plan::kLateError:
      batches = {OneText("first")};
      more = [code = plan.error]() -> Result<Batch> { return Fail(code, "as was asked for, later"); };
      break;
    case Plan::kForever:
      batches = {OneText("first")};
      more = []() -> Result<Batch> {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return nullptr;
      };
      break;
    case Plan::kParameter:
      batches = {OneValue(*request.parameters.at(0))};
      plan.schema = batches.front()->schema();
      break;
    case Plan::kTable:
      batches =
          plan.column < 0 ? Batches{plan.table->rows} : Where(plan.table->rows, plan.column, request.parameters.at(0));
      if (plan.limit >= 0 && !batches.empty()) batches = {batches.front()->Slice(0, plan.limit)};
      std::erase_if(batches, [](const Batch& batch) { return batch->num_rows() == 0; });
  }
  query::Pinned pinned = plan.table == nullptr ? query::Pinned{} : plan.table->info.pinned;
  return std::make_unique<FixedAnswer>(plan.schema, std::move(pinned), std::move(batches), std::move(more),
                                       FixedAnswer::Counters{open_answers_, cancelled_answers_});
}

Result<std::unique_ptr<query::Answer>> FixedTables::Lookup(const query::LookupRequest&) {
  return Fail(ErrorCode::kNotSupported, "fixed tables have no look-ups");
}

Result<std::unique_ptr<query::Answer>> FixedTables::Tail(const query::TailRequest& request) {
  K2I_ASSIGN_OR_RETURN(const Stored* table, Find(request.table));
  OffsetVector begin = request.from;
  begin.insert(table->info.committed.begin(), table->info.committed.end());
  Batches batches;
  for (int64_t n = kInMemory; n < table->rows->num_rows(); ++n) {
    const Offset from = begin[{"numbers", PartitionId{static_cast<int32_t>(n % 2)}}];
    if (from.value < kInMemory / 2) return Fail(ErrorCode::kInvalidArgument, "memory no longer has these rows");
    if (n / 2 >= from.value) batches.push_back(table->rows->Slice(n, 1));
  }
  More more = [this, table, sent = int64_t{0}]() mutable -> Result<Batch> {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return sent < appended_ ? table->rows->Slice(sent++, 1) : nullptr;
  };
  query::Pinned pinned = table->info.pinned;
  return std::make_unique<FixedAnswer>(table->rows->schema(), std::move(pinned), std::move(batches),
                                       request.follow ? std::move(more) : More(),
                                       FixedAnswer::Counters{open_answers_, cancelled_answers_});
}

std::vector<query::TableInfo> FixedTables::Tables() {
  std::vector<query::TableInfo> tables;
  for (const auto& [name, stored] : tables_) tables.push_back(stored.info);
  return tables;
}

Result<query::TableInfo> FixedTables::Table(const std::string& name) {
  K2I_ASSIGN_OR_RETURN(const Stored* table, Find(name));
  query::TableInfo info = table->info;
  if (commits_to_come_ > 0) {
    --commits_to_come_;
    info.pinned.snapshot_id = 999;
  }
  return info;
}

void FixedTables::AppendNumber() { ++appended_; }

query::SqlRequest FixedTables::last_request() const {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

}  // namespace k2i::server::flight
