// SPDX-License-Identifier: Apache-2.0
#include "query/share_answer.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <utility>

#include "buffer/lookup.h"
#include "datafile/arrow_status.h"
#include "datafile/file_schema.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::query {
namespace {

/// Rows of one batch that is sent, about.
constexpr int64_t kRowsAtOnce = 32'768;

/// What a view has of one partition.
struct Held {
  std::vector<OffsetRange> ranges;
  std::vector<RowsOfSlice> pieces;  // each of one run
};
using HeldByPartition = std::map<TopicPartition, Held>;

int64_t OffsetAt(const RowsOfSlice& rows, int64_t row) {
  return rows.slice->offsets[static_cast<size_t>(rows.first_row + row)];
}

/// `pieces`: whether they are wanted, too.
HeldByPartition Collect(const buffer::View& view, const std::vector<TopicPartition>& without, bool pieces) {
  HeldByPartition held;
  for (const TopicPartition& partition : *view.assigned) held[partition];
  for (const TopicPartition& partition : without) held.erase(partition);
  if (held.empty()) return held;
  for (const auto* slices : {&view.retained, &view.slices}) {
    for (const auto& slice : *slices) {
      for (const auto& [partition, range] : slice->ranges) {
        if (const auto it = held.find(partition); it != held.end()) it->second.ranges.push_back(range);
      }
      for (const auto& run : slice->runs) {
        if (run.row_count == 0 || !pieces) continue;
        const auto it = held.find(run.partition);
        if (it != held.end()) it->second.pieces.push_back({slice, run.first_row, run.row_count});
      }
    }
  }
  return held;
}

/// How far the ranges go on from `from` without a gap.
Offset Reached(std::vector<OffsetRange>& ranges, Offset from) {
  std::ranges::sort(ranges, {}, &OffsetRange::begin);
  for (const OffsetRange& range : ranges) {
    if (range.begin <= from) from = std::max(from, range.end);
  }
  return from;
}

/// Appends the rows of `range`, each once and in order; their number.
int64_t Append(std::vector<RowsOfSlice> pieces, const OffsetRange& range, std::deque<RowsOfSlice>& out) {
  std::ranges::stable_sort(pieces, {}, [](const RowsOfSlice& rows) { return OffsetAt(rows, 0); });
  int64_t count = 0;
  int64_t next = range.begin.value;
  for (const RowsOfSlice& piece : pieces) {
    const auto first = piece.slice->offsets.begin() + piece.first_row;
    const auto last = first + piece.row_count;
    const auto begin = std::lower_bound(first, last, next);
    const auto stop = std::lower_bound(begin, last, range.end.value);
    if (begin == stop) continue;
    next = *(stop - 1) + 1;
    count += stop - begin;
    out.push_back({piece.slice, begin - piece.slice->offsets.begin(), stop - begin});
  }
  return count;
}

/// Where the rows of a partition that is not asked for by name begin: what is committed, or the first there are.
Offset StartOf(const buffer::View& view, const TopicPartition& partition, const Held& held) {
  if (const auto it = view.committed.find(partition); it != view.committed.end()) return it->second;
  Offset start = view.end.at(partition);
  for (const OffsetRange& range : held.ranges) start = std::min(start, range.begin);
  return start;
}

/// The rows that are asked for, by partition, one a piece.
Result<std::map<TopicPartition, std::vector<RowsOfSlice>>> Find(const buffer::View& view, const TailRequest& request) {
  std::vector<buffer::RowHit> hits;
  if (request.position) {
    const auto& [partition, offset] = *request.position;
    if (auto hit = buffer::FindByPosition(view, partition, offset)) hits.push_back(*std::move(hit));
  } else if (!view.slices.empty() || !view.retained.empty()) {
    K2I_ASSIGN_OR_RETURN(hits, buffer::FindByKey(view, *request.key, /*all=*/true));
  }
  std::map<TopicPartition, std::vector<RowsOfSlice>> found;
  for (auto& hit : hits) found[hit.partition()].push_back({hit.slice, hit.row, 1});
  return found;
}

}  // namespace

Result<std::unique_ptr<Answer>> ShareAnswer::Make(const buffer::ViewPtr& view, Pinned pinned,
                                                  const TailRequest& request, arrow::MemoryPool* pool) {
  std::unique_ptr<ShareAnswer> answer(new ShareAnswer(view, pool));
  const iceberg::Schema& columns = view->table->current_schema();
  K2I_ASSIGN_OR_RETURN(answer->schema_, datafile::ToFileSchema(columns));
  answer->rows_of_ = SliceReader(columns, answer->schema_, pool);
  Share share{.table_uuid = view->table->table_uuid,
              .schema_id = columns.schema_id,
              .committed = view->committed,
              .rows = {},
              .not_held = {}};
  HeldByPartition all;
  const bool all_rows = !request.key && !request.position;
  if (view->assigned) all = Collect(*view, request.without, all_rows);
  if (!all_rows) {
    K2I_ASSIGN_OR_RETURN(auto found, Find(*view, request));
    for (auto& [partition, held] : all) held.pieces = std::move(found[partition]);
  }
  for (auto& [partition, held] : all) {
    const auto end = view->end.find(partition);
    if (end == view->end.end()) continue;  // nothing of it has come yet
    const auto asked = request.from.find(partition);
    const Offset begin = asked != request.from.end() ? asked->second : StartOf(*view, partition, held);
    const OffsetRange range{begin, std::max(begin, end->second)};
    if (Reached(held.ranges, begin) < range.end) {
      share.not_held.push_back(partition);
    } else {
      share.rows[partition] = {range, Append(std::move(held.pieces), range, answer->queue_)};
    }
  }
  pinned.share = std::move(share);
  answer->pinned_ = {std::move(pinned)};
  return answer;
}

Result<std::shared_ptr<arrow::RecordBatch>> ShareAnswer::Next() {
  return datafile::CatchAll([&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    if (cancelled_) return Fail(ErrorCode::kCancelled, "the stream was cancelled");
    arrow::RecordBatchVector batches;
    for (int64_t rows = 0; rows < kRowsAtOnce && !queue_.empty(); queue_.pop_front()) {
      const RowsOfSlice& next = queue_.front();
      K2I_ASSIGN_OR_RETURN(batches.emplace_back(),
                           rows_of_.Read(next.slice->rows->Slice(next.first_row, next.row_count)));
      rows += next.row_count;
    }
    if (batches.empty()) return nullptr;
    if (batches.size() == 1) return batches.front();
    return datafile::FromArrow(arrow::ConcatenateRecordBatches(batches, pool_));
  });
}

}  // namespace k2i::query
