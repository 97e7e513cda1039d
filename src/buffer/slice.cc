// SPDX-License-Identifier: Apache-2.0
#include "buffer/slice.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <functional>
#include <limits>

namespace k2i::buffer {
namespace {

/// Rows [begin, end) of a slice.
struct RowRange {
  int64_t begin;
  int64_t end;
};

/// Rows of `run` at or after `from`: offsets ascend within a run.
RowRange RowsFrom(const Slice& slice, const record::Run& run, Offset from) {
  const auto first = slice.offsets.begin() + run.first_row;
  const auto last = first + run.row_count;
  return {std::lower_bound(first, last, from.value) - slice.offsets.begin(), run.first_row + run.row_count};
}

/// A slice of the rows in `kept`, one range for each piece of a run; null when nothing is left.
void AppendPieces(const Slice& slice, const std::vector<std::pair<const record::Run*, RowRange>>& kept,
                  OffsetRanges ranges, std::vector<SlicePtr>& out) {
  // Each piece becomes a slice of its own, zero-copy; the ranges go with the first.
  for (const auto& [run, rows] : kept) {
    auto piece = std::make_shared<Slice>();
    const int64_t count = rows.end - rows.begin;
    piece->rows = slice.rows->Slice(rows.begin, count);
    piece->runs = {*run};
    piece->runs[0].first_row = 0;
    piece->runs[0].row_count = count;
    piece->offsets.assign(slice.offsets.begin() + rows.begin, slice.offsets.begin() + rows.end);
    piece->ranges = std::exchange(ranges, {});
    piece->sealed_at = slice.sealed_at;
    piece->number = slice.number;
    piece->first_row = slice.first_row + rows.begin;
    piece->size_bytes = slice.size_bytes * count / std::max<int64_t>(1, slice.row_count());
    out.push_back(std::move(piece));
  }
  if (ranges.empty()) return;
  auto rest = std::make_shared<Slice>();
  rest->ranges = std::move(ranges);
  rest->sealed_at = slice.sealed_at;
  rest->number = slice.number;
  rest->first_row = slice.first_row + slice.row_count();
  out.push_back(std::move(rest));
}

/// What of each run is kept: rows at or after the offset that `keep_from` gives.
std::vector<SlicePtr> Filter(const std::vector<SlicePtr>& slices,
                             const std::function<Offset(const TopicPartition&)>& keep_from) {
  std::vector<SlicePtr> out;
  for (const auto& slice : slices) {
    OffsetRanges ranges;
    for (const auto& [partition, range] : slice->ranges) {
      const OffsetRange rest{std::max(range.begin, keep_from(partition)), range.end};
      // An empty range says where a partition began; it stays as long as it is not below.
      if (!rest.empty() || (range.empty() && rest == range)) ranges[partition] = rest;
    }
    std::vector<std::pair<const record::Run*, RowRange>> kept;
    int64_t kept_rows = 0;
    for (const auto& run : slice->runs) {
      const RowRange rows = RowsFrom(*slice, run, keep_from(run.partition));
      if (rows.begin < rows.end) kept.emplace_back(&run, rows);
      kept_rows += rows.end - rows.begin;
    }
    if (kept_rows == slice->row_count() && ranges == slice->ranges) {
      out.push_back(slice);
    } else {
      AppendPieces(*slice, kept, std::move(ranges), out);
    }
  }
  return out;
}

/// The stretches of a run's rows that are kept.
void AppendStretches(const Slice& slice, const record::Run& run,
                     const std::function<bool(const TopicPartition&, int64_t)>& keep,
                     std::vector<std::pair<const record::Run*, RowRange>>& kept) {
  const int64_t end = run.first_row + run.row_count;
  for (int64_t row = run.first_row; row < end; ++row) {
    if (!keep(run.partition, slice.offsets[static_cast<size_t>(row)])) continue;
    if (!kept.empty() && kept.back().first == &run && kept.back().second.end == row) {
      ++kept.back().second.end;
    } else {
      kept.push_back({&run, {row, row + 1}});
    }
  }
}

}  // namespace

SlicePtr MakeSlice(record::DecodedRows decoded, OffsetRanges ranges, Duration sealed_at, int64_t number) {
  auto slice = std::make_shared<Slice>();
  slice->runs = std::move(decoded.runs);
  slice->offsets = std::move(decoded.offsets);
  slice->ranges = std::move(ranges);
  slice->sealed_at = sealed_at;
  slice->number = number;
  if (slice->row_count() > 0) {
    slice->rows = std::move(decoded.rows);
    const auto size = arrow::util::ReferencedBufferSize(*slice->rows);
    slice->size_bytes = size.ok() ? *size : arrow::util::TotalBufferSize(*slice->rows);
  }
  return slice;
}

std::vector<SlicePtr> DropBelow(const std::vector<SlicePtr>& slices, const OffsetVector& boundary) {
  return Filter(slices, [&](const TopicPartition& partition) {
    const auto it = boundary.find(partition);
    return it == boundary.end() ? Offset{std::numeric_limits<int64_t>::min()} : it->second;
  });
}

std::vector<SlicePtr> KeepRows(const std::vector<SlicePtr>& slices,
                               const std::function<bool(const TopicPartition&, int64_t)>& keep) {
  std::vector<SlicePtr> out;
  for (const auto& slice : slices) {
    std::vector<std::pair<const record::Run*, RowRange>> kept;
    for (const auto& run : slice->runs) AppendStretches(*slice, run, keep, kept);
    AppendPieces(*slice, kept, slice->ranges, out);
  }
  return out;
}

std::vector<SlicePtr> DropPartitions(const std::vector<SlicePtr>& slices,
                                     const std::vector<TopicPartition>& partitions) {
  return Filter(slices, [&](const TopicPartition& partition) {
    const bool dropped = std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
    return Offset{dropped ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min()};
  });
}

}  // namespace k2i::buffer
