// SPDX-License-Identifier: Apache-2.0
//
// Engine::Lookup: one row by its Kafka position or rows by their key; memory first, then the table.
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "buffer/lookup.h"
#include "datafile/arrow_status.h"
#include "iceberg/model/arrow_schema.h"
#include "query/engine_impl.h"
#include "query/rows_answer.h"

namespace k2i::query {
namespace {

using Scalars = std::vector<std::shared_ptr<arrow::Scalar>>;

/// The view without what is in memory.
buffer::ViewPtr OnlyCold(const buffer::View& view) {
  auto cold = std::make_shared<buffer::View>(view);
  cold->slices = {};
  return cold;
}

/// The first batch has been read already; the rest follows.
class PeekedAnswer final : public Answer {
 public:
  PeekedAnswer(std::unique_ptr<Answer> answer, std::shared_ptr<arrow::RecordBatch> first, std::vector<Pinned> pinned)
      : answer_(std::move(answer)), first_(std::move(first)), pinned_(std::move(pinned)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return answer_->schema(); }
  const std::vector<Pinned>& pinned() const override { return pinned_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (first_ != nullptr) return std::exchange(first_, nullptr);
    return answer_->Next();
  }
  void Cancel() override { answer_->Cancel(); }

 private:
  std::unique_ptr<Answer> answer_;
  std::shared_ptr<arrow::RecordBatch> first_;
  std::vector<Pinned> pinned_;
};

/// The text of a key as a value of its column.
Result<std::shared_ptr<arrow::Scalar>> KeyScalar(const iceberg::NestedField& column, const std::string& text) {
  K2I_ASSIGN_OR_RETURN(const auto type, iceberg::ToArrowType(*column.type));
  if (type->id() == arrow::Type::BINARY) return std::make_shared<arrow::BinaryScalar>(text);
  if (column.type->id() == iceberg::TypeId::kUuid || type->id() == arrow::Type::STRING) {
    return std::make_shared<arrow::StringScalar>(text);
  }
  auto parsed = arrow::Scalar::Parse(type, text);
  if (parsed.ok()) return *std::move(parsed);
  return Fail(ErrorCode::kInvalidArgument,
              "\"" + text + "\" is not a value of column " + column.name + ", which is " + column.type->ToString());
}

/// A request on one table, with the view it is pinned to. What memory answers costs neither DuckDB nor a turn among the
/// queries.
class TableLookup {
 public:
  TableLookup(EngineCore& engine, size_t index, buffer::ViewPtr view, Deadline deadline)
      : engine_(engine), index_(index), view_(std::move(view)), deadline_(deadline) {}

  Result<std::unique_ptr<Answer>> ByPosition(const TopicPartition& partition, Offset offset, bool hot_only) {
    if (const auto hit = buffer::FindByPosition(*view_, partition, offset)) return FromMemory({*hit});
    const std::string what = "offset " + std::to_string(offset.value) + " of " + partition.topic + "-" +
                             std::to_string(partition.partition.value);
    if (hot_only) return NotThere(what, " in memory");
    const ServedTable& table = engine_.tables[index_];
    if (table.partition_column.empty() || table.offset_column.empty()) {
      return Fail(ErrorCode::kNotSupported, engine_.NameOf(index_) + " keeps no partition and offset of its rows");
    }
    std::string where = QuotedName(table.partition_column) + " = $1 AND " + QuotedName(table.offset_column) + " = $2";
    Scalars values{std::make_shared<arrow::Int32Scalar>(partition.partition.value),
                   std::make_shared<arrow::Int64Scalar>(offset.value)};
    if (!table.topic_column.empty()) {
      where += " AND " + QuotedName(table.topic_column) + " = $3";
      values.push_back(std::make_shared<arrow::StringScalar>(partition.topic));
    }
    return FromTable(" WHERE " + where, values, OnlyCold(*view_), what);
  }

  Result<std::unique_ptr<Answer>> ByKey(const std::string& key, bool all, bool hot_only) {
    const ServedTable& table = engine_.tables[index_];
    const auto* column = view_->table->current_schema().FindField(table.key);
    if (table.key.empty() || column == nullptr) {
      return Fail(ErrorCode::kInvalidArgument,
                  engine_.NameOf(index_) + " has no key to look up by: name one in buffer.key");
    }
    K2I_ASSIGN_OR_RETURN(const auto value, KeyScalar(*column, key));
    if (!all || hot_only) {
      K2I_ASSIGN_OR_RETURN(const auto hits, FindInMemory(key, all));
      if (!hits.empty()) return FromMemory(hits);
      if (hot_only) return NotThere("key " + key, " in memory");
    }
    std::string tail = " WHERE " + QuotedName(table.key) + " = $1";
    if (!table.offset_column.empty()) tail += " ORDER BY " + QuotedName(table.offset_column) + " DESC";
    if (!all) tail += " LIMIT 1";
    return FromTable(tail, {value}, all ? view_ : OnlyCold(*view_), "key " + key);
  }

 private:
  /// A view that was made without an index holds no rows.
  Result<std::vector<buffer::RowHit>> FindInMemory(const std::string& key, bool all) const {
    if (view_->slices.empty() && view_->retained.empty()) return std::vector<buffer::RowHit>{};
    return buffer::FindByKey(*view_, key, all);
  }

  Result<std::unique_ptr<Answer>> FromMemory(const std::vector<buffer::RowHit>& hits) const {
    return RowsAnswer::Make(*view_, hits, engine_.PinnedOf(index_, *view_), engine_.options.pool);
  }

  /// The rows that a SELECT on `view` finds; NotFound: none.
  Result<std::unique_ptr<Answer>> FromTable(const std::string& tail, const Scalars& values, const buffer::ViewPtr& view,
                                            const std::string& what) {
    const ServedTable& table = engine_.tables[index_];
    K2I_ASSIGN_OR_RETURN(auto slot, engine_.admission.Enter(deadline_));
    K2I_ASSIGN_OR_RETURN(const auto statement, engine_.Parse("SELECT * FROM " + QuotedName(table.database) + "." +
                                                             QuotedName(table.table) + tail));
    K2I_ASSIGN_OR_RETURN(auto answer, engine_.Run(*statement, values, {{index_, view}}, std::move(slot), deadline_, 0));
    K2I_ASSIGN_OR_RETURN(auto first, answer->Next());
    if (first == nullptr) return NotThere(what, "");
    return std::make_unique<PeekedAnswer>(std::move(answer), std::move(first),
                                          std::vector{engine_.PinnedOf(index_, *view_)});
  }

  std::unexpected<Error> NotThere(const std::string& what, const std::string& where) const {
    return Fail(ErrorCode::kNotFound, engine_.NameOf(index_) + " has no row of " + what + where);
  }

  EngineCore& engine_;
  const size_t index_;
  const buffer::ViewPtr view_;
  const Deadline deadline_;
};

}  // namespace

Result<std::unique_ptr<Answer>> Engine::Lookup(const LookupRequest& request) {
  return datafile::CatchAll([&]() -> Result<std::unique_ptr<Answer>> {
    if (request.key.has_value() == request.position.has_value()) {
      return Fail(ErrorCode::kInvalidArgument, "a look-up goes by a key or by a position");
    }
    const Deadline deadline = core_->DeadlineFor(request.timeout);
    K2I_ASSIGN_OR_RETURN(const size_t index, core_->names.Find(request.table));
    K2I_ASSIGN_OR_RETURN(const auto views, core_->Pin({index}, request.wait_for, deadline));
    TableLookup lookup(*core_, index, views.at(index), deadline);
    if (request.key) return lookup.ByKey(*request.key, request.all, request.hot_only);
    return lookup.ByPosition(request.position->first, request.position->second, request.hot_only);
  });
}

}  // namespace k2i::query
