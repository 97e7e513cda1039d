// SPDX-License-Identifier: Apache-2.0
//
// Strong types for the numbers that must not be mixed up, and the vectors of Kafka positions built from them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace k2i {

/// A number that only mixes with its own kind.
template <typename Tag, typename Rep>
struct StrongNumber {
  Rep value{};
  friend auto operator<=>(const StrongNumber&, const StrongNumber&) = default;
};

using PartitionId = StrongNumber<struct PartitionIdTag, int32_t>;
/// A Kafka offset: a position in a partition's log, not a count of records (control records and compaction leave
/// holes).
using Offset = StrongNumber<struct OffsetTag, int64_t>;
using SnapshotId = StrongNumber<struct SnapshotIdTag, int64_t>;

struct TopicPartition {
  std::string topic;
  PartitionId partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// Half-open [begin, end).
struct OffsetRange {
  Offset begin;
  Offset end;
  bool empty() const { return begin >= end; }
  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

/// Next offset to read, by partition.
using OffsetVector = std::map<TopicPartition, Offset>;
using OffsetRanges = std::map<TopicPartition, OffsetRange>;

}  // namespace k2i
