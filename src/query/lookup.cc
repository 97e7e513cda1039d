// SPDX-License-Identifier: Apache-2.0
//
// Engine::Lookup: one row by its Kafka position or rows by their key; memory first, then the table.
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <deque>

#include "datafile/arrow_status.h"
#include "iceberg/model/arrow_schema.h"
#include "query/engine_impl.h"
#include "query/slice_rows.h"

namespace k2i::query {
namespace {

using Scalars = std::vector<std::shared_ptr<arrow::Scalar>>;

/// The row of that position among slices, as a slice of its own; null when it is not there.
template <typename Slices>
buffer::SlicePtr FindRow(const Slices& slices, const TopicPartition& partition, Offset offset) {
  const OffsetVector from{{partition, offset}};
  const OffsetVector end{{partition, Offset{offset.value + 1}}};
  for (const auto& slice : slices) {
    const auto range = slice->ranges.find(partition);
    if (range == slice->ranges.end() || offset < range->second.begin || offset >= range->second.end) continue;
    std::deque<RowsOfSlice> found;
    AppendRowsFrom(slice, from, end, found);
    if (found.empty()) continue;
    auto row = std::make_shared<buffer::Slice>();
    row->rows = slice->rows->Slice(found[0].first_row, 1);
    row->offsets = {offset.value};
    row->runs = {{.partition = partition, .first_row = 0, .row_count = 1}};
    return row;
  }
  return nullptr;
}

/// The view without what is in memory; without the table, but with all that is in memory.
buffer::ViewPtr OnlyCold(const buffer::View& view) {
  auto cold = std::make_shared<buffer::View>(view);
  cold->slices = {};
  return cold;
}
buffer::ViewPtr OnlyHot(const buffer::View& view) {
  auto hot = std::make_shared<buffer::View>(view);
  hot->snapshot_id.reset();
  std::vector<buffer::SlicePtr> all(view.retained.begin(), view.retained.end());
  all.insert(all.end(), view.slices.begin(), view.slices.end());
  hot->slices = std::move(all);
  return hot;
}
buffer::ViewPtr OnlyRow(const buffer::View& view, buffer::SlicePtr row) {
  auto one = std::make_shared<buffer::View>(view);
  one->snapshot_id.reset();
  one->slices = std::vector<buffer::SlicePtr>{std::move(row)};
  return one;
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

/// A request on one table, with the view it is pinned to.
class TableLookup {
 public:
  TableLookup(EngineCore& engine, size_t index, buffer::ViewPtr view, Admission::Slot slot, Deadline deadline)
      : engine_(engine), index_(index), view_(std::move(view)), slot_(std::move(slot)), deadline_(deadline) {}

  Result<std::unique_ptr<Answer>> ByPosition(const TopicPartition& partition, Offset offset, bool hot_only) {
    auto row = FindRow(view_->slices, partition, offset);
    if (row == nullptr) row = FindRow(view_->retained, partition, offset);
    const std::string what = "offset " + std::to_string(offset.value) + " of " + partition.topic + "-" +
                             std::to_string(partition.partition.value);
    if (row != nullptr) return Found(Select("", {}, OnlyRow(*view_, row)), what);
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
    return Found(Select(" WHERE " + where, values, OnlyCold(*view_)), what);
  }

  Result<std::unique_ptr<Answer>> ByKey(const std::string& key, bool all, bool hot_only) {
    const ServedTable& table = engine_.tables[index_];
    const auto* column = view_->table->current_schema().FindField(table.key);
    if (table.key.empty() || column == nullptr) {
      return Fail(ErrorCode::kInvalidArgument, engine_.NameOf(index_) + " has no key to look up by");
    }
    K2I_ASSIGN_OR_RETURN(const auto value, KeyScalar(*column, key));
    std::string tail = " WHERE " + QuotedName(table.key) + " = $1";
    if (!table.offset_column.empty()) tail += " ORDER BY " + QuotedName(table.offset_column) + " DESC";
    if (!all) tail += " LIMIT 1";
    if (!all) {
      auto hot = Select(tail, {value}, OnlyHot(*view_));
      auto found = Found(std::move(hot), "key " + key);
      if (found || found.error().code != ErrorCode::kNotFound || hot_only) return found;
    }
    return Found(Select(tail, {value}, hot_only ? OnlyHot(*view_) : view_), "key " + key);
  }

 private:
  Result<std::unique_ptr<Answer>> Select(const std::string& tail, const Scalars& values, const buffer::ViewPtr& view) {
    const ServedTable& table = engine_.tables[index_];
    K2I_ASSIGN_OR_RETURN(const auto statement, engine_.Parse("SELECT * FROM " + QuotedName(table.database) + "." +
                                                             QuotedName(table.table) + tail));
    return engine_.Run(*statement, values, {{index_, view}}, {}, deadline_, 0);
  }

  std::unexpected<Error> NotThere(const std::string& what, const std::string& where) const {
    return Fail(ErrorCode::kNotFound, engine_.NameOf(index_) + " has no row of " + what + where);
  }

  /// `answer`, when it has a row.
  Result<std::unique_ptr<Answer>> Found(Result<std::unique_ptr<Answer>> answer, const std::string& what) {
    if (!answer) return answer;
    K2I_ASSIGN_OR_RETURN(auto first, (*answer)->Next());
    if (first == nullptr) return NotThere(what, "");
    return std::make_unique<PeekedAnswer>(*std::move(answer), std::move(first),
                                          std::vector{engine_.PinnedOf(index_, *view_)});
  }

  EngineCore& engine_;
  const size_t index_;
  const buffer::ViewPtr view_;
  Admission::Slot slot_;
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
    K2I_ASSIGN_OR_RETURN(auto slot, core_->admission.Enter(deadline));
    K2I_ASSIGN_OR_RETURN(const auto views, core_->Pin({index}, request.wait_for, deadline));
    TableLookup lookup(*core_, index, views.at(index), std::move(slot), deadline);
    if (request.key) return lookup.ByKey(*request.key, request.all, request.hot_only);
    return lookup.ByPosition(request.position->first, request.position->second, request.hot_only);
  });
}

}  // namespace k2i::query
