// SPDX-License-Identifier: Apache-2.0
#include "buffer/hot_buffer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace k2i::buffer {
namespace {

void Add(HotBuffer::Usage& usage, const Slice& slice) {
  usage.rows += slice.row_count();
  usage.bytes += slice.size_bytes;
  usage.any = true;
  usage.oldest_sealed = std::min(usage.oldest_sealed.value_or(slice.sealed_at), slice.sealed_at);
}

}  // namespace

HotBuffer::Usage HotBuffer::Sum(const std::vector<SlicePtr>& slices) {
  Usage usage;
  for (const auto& slice : slices) Add(usage, *slice);
  return usage;
}

void HotBuffer::Append(SlicePtr slice) {
  Add(waiting_usage_, *slice);
  waiting_.push_back(std::move(slice));
}

std::vector<SlicePtr> HotBuffer::TakeForFlush() {
  assert(in_flight_.empty());
  in_flight_ = std::exchange(waiting_, {});
  waiting_usage_ = {};
  return in_flight_;
}

void HotBuffer::Retire() { in_flight_.clear(); }

void HotBuffer::ReturnToWaiting() {
  in_flight_.insert(in_flight_.end(), waiting_.begin(), waiting_.end());
  waiting_ = std::exchange(in_flight_, {});
  waiting_usage_ = Sum(waiting_);
}

void HotBuffer::DropWaiting(const std::vector<TopicPartition>& partitions) {
  waiting_ = DropPartitions(waiting_, partitions);
  waiting_usage_ = Sum(waiting_);
}

HotBuffer::Usage HotBuffer::waiting() const { return waiting_usage_; }

HotBuffer::Usage HotBuffer::total() const {
  Usage usage = waiting_usage_;
  const Usage flying = Sum(in_flight_);
  usage.rows += flying.rows;
  usage.bytes += flying.bytes;
  usage.any = usage.any || flying.any;
  if (flying.oldest_sealed)
    usage.oldest_sealed = std::min(usage.oldest_sealed.value_or(*flying.oldest_sealed), *flying.oldest_sealed);
  return usage;
}

}  // namespace k2i::buffer
