// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "buffer/view.h"

namespace k2i::buffer {

/// A row in memory: row `row` of `slice->rows`.
struct RowHit {
  SlicePtr slice;
  int64_t row = 0;
  /// Its place in Kafka.
  TopicPartition partition() const;
  Offset offset() const { return Offset{slice->offsets[static_cast<size_t>(row)]}; }
};

/// The rows of the view, hot or retained, whose key column holds `key`, newest first; without `all` the newest at most.
/// `key`: a number as decimal digits, a uuid as text or as 16 bytes, else the value's bytes. Takes no lock.
/// InvalidArgument: no key column is configured (`buffer.key`), or `key` is no value of its type.
Result<std::vector<RowHit>> FindByKey(const View& view, std::string_view key, bool all);

/// The row at this position, hot or retained; none: it is not in memory.
std::optional<RowHit> FindByPosition(const View& view, const TopicPartition& partition, Offset offset);

}  // namespace k2i::buffer
