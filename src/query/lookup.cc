// SPDX-License-Identifier: Apache-2.0
//
// Engine::Lookup: one row by its Kafka position or rows by their key; memory first, then that of peers, then the table.
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/thread_priority.h"
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

/// The view without what is in the table.
buffer::ViewPtr OnlyHot(const buffer::View& view) {
  auto hot = std::make_shared<buffer::View>(view);
  hot->snapshot_id = std::nullopt;
  return hot;
}

/// The first batch has been read already; the rest follows.
class PeekedAnswer final : public Answer {
 public:
  PeekedAnswer(std::unique_ptr<Answer> answer, std::shared_ptr<arrow::RecordBatch> first)
      : answer_(std::move(answer)), first_(std::move(first)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return answer_->schema(); }
  const std::vector<Pinned>& pinned() const override { return answer_->pinned(); }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (first_ != nullptr) return std::exchange(first_, nullptr);
    return answer_->Next();
  }
  void Cancel() override { answer_->Cancel(); }

 private:
  std::unique_ptr<Answer> answer_;
  std::shared_ptr<arrow::RecordBatch> first_;
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
  TableLookup(EngineCore& engine, size_t index, buffer::ViewPtr view, Deadline deadline, std::stop_token gone)
      : engine_(engine),
        index_(index),
        view_(std::move(view)),
        pinned_(engine.PinnedOf(index, *view_)),
        deadline_(deadline),
        gone_(std::move(gone)) {}

  Result<std::unique_ptr<Answer>> ByPosition(const TopicPartition& partition, Offset offset, bool hot_only) {
    if (const auto hit = buffer::FindByPosition(*view_, partition, offset)) return FromMemory({*hit});
    const auto committed = view_->committed.find(partition);
    const bool may_be_hot = committed == view_->committed.end() || offset >= committed->second;
    bool of_peers = false;
    if (may_be_hot && !ReadHere(partition)) {
      K2I_ASSIGN_OR_RETURN(of_peers, AskPeers({.position = {{partition, offset}}, .deadline = deadline_}));
    }
    const std::string what = "offset " + std::to_string(offset.value) + " of " + partition.topic + "-" +
                             std::to_string(partition.partition.value);
    if (hot_only && !of_peers) return NotThere(what, " in memory");
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
    return FromTable(" WHERE " + where, values, of_peers ? OnlyHot(*view_) : OnlyCold(*view_), what);
  }

  Result<std::unique_ptr<Answer>> ByKey(const std::string& key, bool all, bool hot_only) {
    const ServedTable& table = engine_.tables[index_];
    const auto* column = view_->table->current_schema().FindField(table.key);
    if (table.key.empty() || column == nullptr) {
      return Fail(ErrorCode::kInvalidArgument,
                  engine_.NameOf(index_) + " has no key to look up by: name one in buffer.key");
    }
    K2I_ASSIGN_OR_RETURN(const auto value, KeyScalar(*column, key));
    K2I_ASSIGN_OR_RETURN(const bool of_peers, AskPeers({.key = key, .deadline = deadline_}));
    if ((!all || hot_only) && !of_peers) {
      K2I_ASSIGN_OR_RETURN(const auto hits, FindInMemory(key, all));
      if (!hits.empty()) return FromMemory(hits);
      if (hot_only) return NotThere("key " + key, " in memory");
    }
    std::string tail = " WHERE " + QuotedName(table.key) + " = $1";
    if (!table.offset_column.empty()) tail += " ORDER BY " + QuotedName(table.offset_column) + " DESC";
    if (!all) tail += " LIMIT 1";
    const auto view = hot_only ? OnlyHot(*view_) : all || of_peers ? view_ : OnlyCold(*view_);
    return FromTable(tail, {value}, view, "key " + key);
  }

 private:
  bool ReadHere(const TopicPartition& partition) const {
    return view_->assigned && std::ranges::find(*view_->assigned, partition) != view_->assigned->end();
  }

  /// Completes the view with the peers' rows that are looked for; says whether there are any.
  Result<bool> AskPeers(PeerQuestion question) {
    if (engine_.options.peers.empty()) return false;
    question.gone = gone_;
    K2I_ASSIGN_OR_RETURN(Pins pins, engine_.Complete({{index_, view_}}, std::move(question)));
    view_ = pins.views.at(index_);
    pinned_ = std::move(pins.pinned.front());
    // Of their rows it is not known which partition each is of.
    return std::ranges::any_of(view_->slices, [](const auto& slice) { return slice->runs.empty() && slice->rows; });
  }

  /// A view that was made without an index holds no rows.
  Result<std::vector<buffer::RowHit>> FindInMemory(const std::string& key, bool all) const {
    if (view_->slices.empty() && view_->retained.empty()) return std::vector<buffer::RowHit>{};
    return buffer::FindByKey(*view_, key, all);
  }

  Result<std::unique_ptr<Answer>> FromMemory(const std::vector<buffer::RowHit>& hits) const {
    return RowsAnswer::Make(*view_, hits, pinned_, engine_.options.pool);
  }

  /// The rows that a SELECT on `view` finds; NotFound: none.
  Result<std::unique_ptr<Answer>> FromTable(const std::string& tail, const Scalars& values, const buffer::ViewPtr& view,
                                            const std::string& what) {
    const ServedTable& table = engine_.tables[index_];
    K2I_ASSIGN_OR_RETURN(auto slot, engine_.admission.Enter(deadline_));
    K2I_ASSIGN_OR_RETURN(const auto statement, engine_.Parse("SELECT * FROM " + QuotedName(table.database) + "." +
                                                             QuotedName(table.table) + tail));
    K2I_ASSIGN_OR_RETURN(auto answer,
                         engine_.Run(*statement, values, {{{index_, view}}, {pinned_}}, std::move(slot), deadline_, 0));
    K2I_ASSIGN_OR_RETURN(auto first, answer->Next());
    if (first == nullptr) return NotThere(what, "");
    return std::make_unique<PeekedAnswer>(std::move(answer), std::move(first));
  }

  std::unexpected<Error> NotThere(const std::string& what, const std::string& where) const {
    std::string message = engine_.NameOf(index_) + " has no row of " + what + where;
    if (!pinned_.missing.empty()) {
      message += "; the newest rows of " + std::to_string(pinned_.missing.size()) +
                 " partitions that other processes read are not known here";
    }
    return Fail(ErrorCode::kNotFound, message);
  }

  EngineCore& engine_;
  const size_t index_;
  buffer::ViewPtr view_;
  Pinned pinned_;  // of view_
  const Deadline deadline_;
  const std::stop_token gone_;
};

}  // namespace

Result<std::unique_ptr<Answer>> Engine::Lookup(const LookupRequest& request) {
  YieldPriority(core_->options.niceness);
  return datafile::CatchAll([&]() -> Result<std::unique_ptr<Answer>> {
    if (request.key.has_value() == request.position.has_value()) {
      return Fail(ErrorCode::kInvalidArgument, "a look-up goes by a key or by a position");
    }
    const Deadline deadline = core_->DeadlineFor(request.timeout);
    K2I_ASSIGN_OR_RETURN(const size_t index, core_->names.Find(request.table));
    K2I_ASSIGN_OR_RETURN(const auto views,
                         core_->PinWithPeers({index}, request.wait_for, {.deadline = deadline, .gone = request.gone}));
    TableLookup lookup(*core_, index, views.at(index), deadline, request.gone);
    if (request.key) return lookup.ByKey(*request.key, request.all, request.hot_only);
    return lookup.ByPosition(request.position->first, request.position->second, request.hot_only);
  });
}

}  // namespace k2i::query
