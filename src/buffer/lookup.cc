// SPDX-License-Identifier: Apache-2.0
#include "buffer/lookup.h"

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "buffer/key_column.h"

namespace k2i::buffer {
namespace {

/// The row that was sealed there, if the list still has it.
std::optional<RowHit> FindPlace(const SliceList& slices, const RowPlace& place) {
  const auto slice = slices.Find(place.number, place.row);
  if (slice == slices.end() || (*slice)->number != place.number) return std::nullopt;
  const int64_t row = place.row - (*slice)->first_row;
  if (row >= (*slice)->row_count()) return std::nullopt;
  return RowHit{*slice, row};
}

/// The run's row of this offset, if the list still has it. Of what was sealed, the list may have several parts.
std::optional<RowHit> FindOffset(const SliceList& slices, const SliceIndex::RunPlace& run, Offset offset) {
  const auto& [number, first_row] = run.first;
  auto slice = slices.Find(number, first_row);
  if (slice == slices.end()) slice = slices.begin();
  for (; slice != slices.end() && (*slice)->number <= number; ++slice) {
    const Slice& part = **slice;
    const int64_t begin = std::max<int64_t>(0, first_row - part.first_row);
    const int64_t end = std::min(part.row_count(), first_row + run.row_count - part.first_row);
    if (part.number < number || begin >= end) continue;
    const auto first = part.offsets.begin() + begin, last = part.offsets.begin() + end;
    const auto found = std::lower_bound(first, last, offset.value);
    if (found != last && *found == offset.value) return RowHit{*slice, found - part.offsets.begin()};
  }
  return std::nullopt;
}

std::shared_ptr<arrow::Array> KeysOf(const arrow::RecordBatch& rows, const std::string& column, int index) {
  const bool there = index < rows.num_columns() && rows.schema()->field(index)->name() == column;
  return there ? rows.column(index) : rows.GetColumnByName(column);
}

}  // namespace

TopicPartition RowHit::partition() const {
  const auto after = std::upper_bound(slice->runs.begin(), slice->runs.end(), row,
                                      [](int64_t wanted, const record::Run& run) { return wanted < run.first_row; });
  return (after - 1)->partition;
}

Result<std::vector<RowHit>> FindByKey(const View& view, std::string_view key, bool all) {
  const std::string& column = view.index.key_column();
  if (column.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there is no look-up by key: buffer.key is not set");
  }
  std::vector<RowHit> hits;
  const SliceIndex::KeyField& field = view.index.key_field();
  if (field.type == nullptr) return hits;
  K2I_ASSIGN_OR_RETURN(const auto probe, KeyProbe::Make(*field.type, key));
  view.index.ForEach(probe.hash(), [&](const RowPlace& place) {
    auto hit = FindPlace(view.slices, place);
    if (!hit) hit = FindPlace(view.retained, place);
    if (!hit || !probe.Matches(*KeysOf(*hit->slice->rows, column, field.index), hit->row)) return true;
    hits.push_back(std::move(*hit));
    return all;
  });
  return hits;
}

std::optional<RowHit> FindByPosition(const View& view, const TopicPartition& partition, Offset offset) {
  std::optional<RowHit> hit;
  view.index.ForEachRun(partition, offset, [&](const SliceIndex::RunPlace& run) {
    hit = FindOffset(view.slices, run, offset);
    if (!hit) hit = FindOffset(view.retained, run, offset);
    return !hit;
  });
  return hit;
}

}  // namespace k2i::buffer
