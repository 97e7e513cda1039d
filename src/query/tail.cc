// SPDX-License-Identifier: Apache-2.0
//
// Engine::Tail: hot rows as they are, without DuckDB.
#include <arrow/record_batch.h>

#include <algorithm>
#include <atomic>
#include <deque>

#include "base/thread_priority.h"
#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"
#include "datafile/projection.h"
#include "query/engine_impl.h"
#include "query/share_answer.h"
#include "query/slice_rows.h"

namespace k2i::query {
namespace {

/// How soon Cancel is seen while no new rows come.
constexpr Duration kPatience = std::chrono::milliseconds(20);

std::string PartitionName(const TopicPartition& partition) {
  return partition.topic + "-" + std::to_string(partition.partition.value);
}

class TailAnswer final : public Answer {
 public:
  TailAnswer(const buffer::ViewPublisher& views, buffer::ViewPtr view, Pinned pinned, bool follow,
             arrow::MemoryPool* pool)
      : views_(views), view_(std::move(view)), pinned_{std::move(pinned)}, follow_(follow), pool_(pool) {}

  /// InvalidArgument when rows from `from` on are no longer in memory.
  Status Begin(const OffsetVector& from) {
    K2I_ASSIGN_OR_RETURN(schema_, datafile::ToFileSchema(view_->table->current_schema()));
    rows_of_ = SliceReader(view_->table->current_schema(), schema_, pool_);
    next_ = view_->committed;
    for (const auto& [partition, offset] : from) next_[partition] = offset;
    return Queue();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<Pinned>& pinned() const override { return pinned_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    return datafile::CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
      while (true) {
        if (cancelled_) return Fail(ErrorCode::kCancelled, "the tail was cancelled");
        if (!queue_.empty()) {
          const RowsOfSlice rows = std::move(queue_.front());
          queue_.pop_front();
          return rows_of_.Read(rows.slice->rows->Slice(rows.first_row, rows.row_count));
        }
        if (!follow_) return nullptr;
        const auto newer = views_.WaitUntil([&](const buffer::View& view) { return HasMore(view); }, kPatience);
        if (newer == nullptr) continue;
        view_ = newer;
        K2I_RETURN_IF_ERROR(Queue());
      }
    });
  }

  void Cancel() override { cancelled_ = true; }

 private:
  bool HasMore(const buffer::View& view) const {
    return std::ranges::any_of(view.end, [&](const auto& entry) {
      const auto it = next_.find(entry.first);
      return it == next_.end() ? entry.second.value > 0 : entry.second > it->second;
    });
  }

  /// Queues the view's rows from next_ on, and moves next_ to its end.
  Status Queue() {
    for (const auto& [partition, end] : view_->end) {
      const auto it = next_.try_emplace(partition, StartOf(partition)).first;
      if (it->second >= end) continue;
      const Offset reached = ReachedFrom(*view_, partition, it->second);
      if (reached < end) {
        return Fail(ErrorCode::kInvalidArgument,
                    "memory no longer holds the rows of " + PartitionName(partition) + " from offset " +
                        std::to_string(reached.value) + " on: read the table up to " +
                        std::to_string(CommittedOf(partition).value) + ", and go on from there");
      }
    }
    for (const auto* slices : {&view_->retained, &view_->slices}) {
      for (const auto& slice : *slices) AppendRowsFrom(slice, next_, view_->end, queue_);
    }
    for (const auto& [partition, end] : view_->end) next_[partition] = std::max(next_[partition], end);
    return {};
  }

  Offset CommittedOf(const TopicPartition& partition) const {
    const auto it = view_->committed.find(partition);
    return it == view_->committed.end() ? Offset{0} : it->second;
  }

  /// Where a partition that nobody has asked for begins: what is committed, or the first row there is of it.
  Offset StartOf(const TopicPartition& partition) const {
    if (view_->committed.contains(partition)) return CommittedOf(partition);
    for (const auto& slice : view_->slices) {
      if (const auto it = slice->ranges.find(partition); it != slice->ranges.end()) return it->second.begin;
    }
    return view_->end.at(partition);
  }

  const buffer::ViewPublisher& views_;
  buffer::ViewPtr view_;
  std::vector<Pinned> pinned_;
  const bool follow_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Schema> schema_;
  SliceReader rows_of_;
  OffsetVector next_;
  std::deque<RowsOfSlice> queue_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

Result<std::unique_ptr<Answer>> Engine::Tail(const TailRequest& request) {
  YieldPriority(core_->options.niceness);
  return datafile::CatchAll([&]() -> Result<std::unique_ptr<Answer>> {
    K2I_ASSIGN_OR_RETURN(const size_t index, core_->names.Find(request.table));
    K2I_ASSIGN_OR_RETURN(const auto views, core_->Pin({index}, {}, Deadline{}, {}));
    const buffer::ViewPtr& view = views.at(index);
    if (request.share) return ShareAnswer::Make(view, core_->PinnedOf(index, *view), request, core_->options.pool);
    for (const auto& [partition, offset] : request.from) {
      if (!view->end.contains(partition)) {
        return Fail(ErrorCode::kInvalidArgument, "partition " + PartitionName(partition) + " is not read here");
      }
    }
    auto answer = std::make_unique<TailAnswer>(*core_->tables[index].views, view, core_->PinnedOf(index, *view),
                                               request.follow, core_->options.pool);
    K2I_RETURN_IF_ERROR(answer->Begin(request.from));
    return answer;
  });
}

}  // namespace k2i::query
