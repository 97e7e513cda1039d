// SPDX-License-Identifier: Apache-2.0
//
// Slices made by hand, whose values tell the positions they stand for.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "buffer/slice.h"

namespace k2i::buffer {

using Position = std::pair<int32_t, int64_t>;  // partition, offset

inline TopicPartition Where(int32_t partition) { return {"t", PartitionId{partition}}; }

/// "k<offset mod 7>", null for every tenth.
inline std::optional<std::string> KeyOf(int64_t offset) {
  return offset % 10 == 9 ? std::nullopt : std::optional("k" + std::to_string(offset % 7));
}

/// A slice whose column "v" holds partition * 1e6 + offset, and "key" the position's KeyOf.
inline SlicePtr SliceOf(const std::vector<Position>& positions, int64_t sealed_at = 0, int64_t number = 0,
                        OffsetRanges ranges = {}) {
  record::DecodedRows decoded;
  arrow::Int64Builder values;
  arrow::StringBuilder keys;
  for (const auto& [partition, offset] : positions) {
    const TopicPartition where = Where(partition);
    if (decoded.runs.empty() || decoded.runs.back().partition != where) {
      decoded.runs.push_back({where, static_cast<int64_t>(decoded.offsets.size()), 0, -1, -1});
    }
    ++decoded.runs.back().row_count;
    decoded.offsets.push_back(offset);
    EXPECT_TRUE(values.Append(partition * 1'000'000 + offset).ok());
    const auto key = KeyOf(offset);
    EXPECT_TRUE((key ? keys.Append(*key) : keys.AppendNull()).ok());
    auto& range = ranges.try_emplace(where, OffsetRange{Offset{offset}, Offset{offset}}).first->second;
    range.end = std::max(range.end, Offset{offset + 1});
  }
  decoded.rows = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("v", arrow::int64()), arrow::field("key", arrow::utf8())}),
      static_cast<int64_t>(positions.size()), {values.Finish().ValueOrDie(), keys.Finish().ValueOrDie()});
  return MakeSlice(std::move(decoded), std::move(ranges), Duration(sealed_at), number);
}

/// Positions by the bookkeeping; checks on the way that the rows agree with it.
template <typename Slices>
std::vector<Position> PositionsOf(const Slices& slices) {
  std::vector<Position> positions;
  for (const auto& slice : slices) {
    int64_t row = 0;
    for (const auto& run : slice->runs) {
      EXPECT_EQ(run.first_row, row);
      for (int64_t i = 0; i < run.row_count; ++i, ++row) {
        const auto offset = slice->offsets[static_cast<size_t>(row)];
        const int64_t value = static_cast<const arrow::Int64Array&>(*slice->rows->column(0)).Value(row);
        EXPECT_EQ(value, run.partition.partition.value * 1'000'000 + offset);
        positions.emplace_back(run.partition.partition.value, offset);
      }
    }
    EXPECT_EQ(row, slice->row_count());
  }
  return positions;
}

}  // namespace k2i::buffer
