// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kafka/message.h"

namespace k2i::ingest {

/// Which offsets have been read of each partition we own, and which of them have not been given to a slice yet. Ranges
/// are positions, not counts: they cover holes (control records, compaction) and rejected records. One thread.
class PartitionTracker {
 public:
  /// `start`: the boundary in the table; nullopt where there is none, then the first record, or the partition's end,
  /// decides. `claim`: that first position is to be in the table even if nothing follows it: TakeRanges gives it as an
  /// empty range then.
  void Assign(const TopicPartition& partition, std::optional<Offset> start, bool claim = false);
  void Revoke(const std::vector<TopicPartition>& partitions);
  /// Moves the positions past the records of `batch`, and to the ends it tells of. Records of partitions that are not
  /// ours are not tracked.
  void Observe(const kafka::MessageBatch& batch);
  /// The ranges read since the last call; the next ones begin where these end.
  OffsetRanges TakeRanges();
  /// Whether a first position that was to be claimed is among the ranges taken since the last call.
  bool TakeClaimed() { return std::exchange(claimed_, false); }

  std::vector<TopicPartition> partitions() const;
  /// Next offset to read; nullopt: nothing is known of the partition yet.
  std::optional<Offset> position(const TopicPartition& partition) const;

 private:
  struct State {
    std::optional<Offset> taken;     // end of the last range taken, or the start
    std::optional<Offset> position;  // next offset to read
    bool claim = false;              // the first range is given even if it is empty
  };
  std::map<TopicPartition, State> states_;
  bool claimed_ = false;
};

/// One range for each partition over `earlier` and `later`. REQUIRES: a partition's ranges join.
OffsetRanges JoinRanges(const OffsetRanges& earlier, const OffsetRanges& later);

}  // namespace k2i::ingest
