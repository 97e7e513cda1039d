// SPDX-License-Identifier: Apache-2.0
#include "buffer/view_maker.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace k2i::buffer {
namespace {

enum class Place { kBelow, kAtOrAfter, kAcross };

/// Where the slice lies to the boundary; a partition that is not in it has nothing below.
Place PlaceOf(const Slice& slice, const OffsetVector& boundary) {
  bool below = false, after = false;
  const auto look_at = [&](const TopicPartition& partition, Offset begin, Offset end) {
    const auto it = boundary.find(partition);
    below |= it != boundary.end() && begin < it->second;
    after |= it == boundary.end() || end > it->second;
  };
  for (const auto& [partition, range] : slice.ranges) look_at(partition, range.begin, range.end);
  // A part of a slice may have rows whose range went with another part.
  for (const auto& run : slice.runs) {
    if (run.row_count == 0) continue;
    const auto first = slice.offsets.begin() + run.first_row;
    look_at(run.partition, Offset{*first}, Offset{first[run.row_count - 1] + 1});
  }
  if (below && after) return Place::kAcross;
  return after ? Place::kAtOrAfter : Place::kBelow;
}

/// In order of sealing.
bool IsBefore(const Slice& a, const Slice& b) {
  return a.number < b.number || (a.number == b.number && a.first_row < b.first_row);
}

void Lower(OffsetVector& begins, const OffsetRanges& ranges) {
  for (const auto& [partition, range] : ranges) {
    Offset& begin = begins.try_emplace(partition, range.begin).first->second;
    begin = std::min(begin, range.begin);
  }
}

void Raise(OffsetVector& ends, const OffsetRanges& ranges) {
  for (const auto& [partition, range] : ranges) {
    Offset& end = ends.try_emplace(partition, range.end).first->second;
    end = std::max(end, range.end);
  }
}

/// Whether every offset of `before` is in `after`, and no lower.
bool GoesForward(const OffsetVector& before, const OffsetVector& after) {
  return std::all_of(before.begin(), before.end(), [&](const auto& entry) {
    const auto it = after.find(entry.first);
    return it != after.end() && it->second >= entry.second;
  });
}

}  // namespace

bool ViewMaker::WouldLeaveGap(const OffsetVector& offsets) const {
  return std::any_of(hot_begins_.begin(), hot_begins_.end(), [&](const auto& entry) {
    const auto after = offsets.find(entry.first);
    // A partition that no commit knows begins where its reader began.
    if (after == offsets.end()) return committed_.offsets.contains(entry.first);
    return after->second < entry.second;
  });
}

void ViewMaker::SetCommitted(CommittedTable committed, Duration now) {
  // After a roll-back, retained rows may not be committed any more.
  if (!GoesForward(committed_.offsets, committed.offsets)) DropOldestRetained(retained_.size());
  const bool moved = committed.offsets != committed_.offsets;
  committed_ = std::move(committed);
  if (!committed_.snapshot_id) {
    pin_ = nullptr;
  } else if (pin_ == nullptr || *pin_ != *committed_.snapshot_id) {
    pin_ = views_.pins().Take(*committed_.snapshot_id);
  }
  if (moved) {
    MoveCommitted(now);
    FindEnds();
  }
  Publish();
}

void ViewMaker::MoveCommitted(Duration now) {
  std::vector<SlicePtr> hot;
  Batch batch{now, 0};
  for (const auto& slice : hot_) {
    switch (PlaceOf(*slice, committed_.offsets)) {
      case Place::kBelow:
        Retain(slice, batch);
        break;
      case Place::kAtOrAfter:
        hot.push_back(slice);
        break;
      case Place::kAcross:
        // Others have committed a part of it. That part is not retained: it is rare, and order is worth more.
        for (auto& piece : DropBelow({slice}, committed_.offsets)) hot.push_back(std::move(piece));
        break;
    }
  }
  if (batch.slices > 0) batches_.push_back(batch);
  hot_ = SliceList(hot);
  hot_begins_.clear();
  hot_ends_.clear();
  for (const auto& slice : hot_) {
    Lower(hot_begins_, slice->ranges);
    Raise(hot_ends_, slice->ranges);
  }
}

void ViewMaker::Retain(const SlicePtr& slice, Batch& batch) {
  if (options_.retain_for <= Duration(0) || slice->row_count() == 0) return;
  if (!retained_.empty() && !IsBefore(*retained_.back(), *slice)) return;  // see MoveCommitted
  retained_.push_back(slice);
  retained_usage_.rows += slice->row_count();
  retained_usage_.bytes += slice->size_bytes;
  ++batch.slices;
}

void ViewMaker::FindEnds() {
  end_ = committed_.offsets;
  for (const auto& [partition, end] : hot_ends_) {
    Offset& last = end_.try_emplace(partition, end).first->second;
    last = std::max(last, end);
  }
}

/// Whether the slice's rows come next in their partitions. A partition that is not known begins where its reader does.
bool ViewMaker::Joins(const Slice& slice) const {
  return std::all_of(slice.ranges.begin(), slice.ranges.end(), [&](const auto& entry) {
    const auto end = end_.find(entry.first);
    return end == end_.end() || entry.second.begin <= end->second;
  });
}

void ViewMaker::Append(const SlicePtr& slice) {
  assert(committed_.table != nullptr);
  if (!Joins(*slice)) return;
  if (PlaceOf(*slice, committed_.offsets) == Place::kAtOrAfter) {
    hot_.push_back(slice);
    Lower(hot_begins_, slice->ranges);
    Raise(hot_ends_, slice->ranges);
  } else {
    for (auto& piece : DropBelow({slice}, committed_.offsets)) {
      Lower(hot_begins_, piece->ranges);
      Raise(hot_ends_, piece->ranges);
      hot_.push_back(std::move(piece));
    }
  }
  index_.Add(*slice);
  for (const auto& [partition, range] : slice->ranges) {
    if (const auto it = hot_ends_.find(partition); it != hot_ends_.end()) end_[partition] = it->second;
  }
  Publish();
}

void ViewMaker::Drop(const std::vector<TopicPartition>& partitions) {
  hot_ = SliceList(DropPartitions(std::vector<SlicePtr>(hot_.begin(), hot_.end()), partitions));
  for (const auto& partition : partitions) {
    hot_begins_.erase(partition);
    hot_ends_.erase(partition);
  }
  FindEnds();
  if (committed_.table != nullptr) Publish();
}

void ViewMaker::ExpireRetained(Duration now) {
  size_t expired = 0;
  for (const auto& batch : batches_) {
    if (now - batch.committed_at < options_.retain_for) break;
    expired += batch.slices;
  }
  if (expired == 0) return;
  DropOldestRetained(expired);
  Publish();
}

void ViewMaker::SetAssigned(std::vector<TopicPartition> partitions) {
  assigned_ = std::move(partitions);
  if (committed_.table != nullptr) Publish();
}

void ViewMaker::EvictRetained(int64_t bytes) {
  size_t slices = 0;
  for (auto slice = retained_.begin(); slice != retained_.end() && bytes > 0; ++slice, ++slices) {
    bytes -= (*slice)->size_bytes;
  }
  if (slices == 0) return;
  DropOldestRetained(slices);
  Publish();
}

void ViewMaker::ForgetRetained() {
  if (retained_.empty()) return;
  DropOldestRetained(retained_.size());
  Publish();
}

void ViewMaker::DropOldestRetained(size_t slices) {
  auto slice = retained_.begin();
  for (size_t i = 0; i < slices; ++i, ++slice) {
    retained_usage_.rows -= (*slice)->row_count();
    retained_usage_.bytes -= (*slice)->size_bytes;
    if (--batches_.front().slices == 0) batches_.pop_front();
  }
  retained_.DropFront(slices);
}

void ViewMaker::Publish() {
  int64_t oldest = std::numeric_limits<int64_t>::max();
  for (const SliceList* slices : {&hot_, &retained_}) {
    if (!slices->empty()) oldest = std::min(oldest, slices->front()->number);
  }
  index_.DropBefore(oldest);
  auto view = std::make_shared<View>();
  view->table = committed_.table;
  view->snapshot_id = committed_.snapshot_id;
  view->pin = pin_;
  view->committed = committed_.offsets;
  view->end = end_;
  view->slices = hot_;
  view->retained = retained_;
  view->index = index_;
  view->assigned = assigned_;
  views_.Publish(std::move(view));
}

}  // namespace k2i::buffer
