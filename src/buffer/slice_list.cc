// SPDX-License-Identifier: Apache-2.0
#include "buffer/slice_list.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace k2i::buffer {

SliceList::SliceList(const std::vector<SlicePtr>& slices) : size_(slices.size()) {
  for (auto first = slices.begin(); first != slices.end();) {
    const auto count = std::min<std::ptrdiff_t>(kBlockSlices, slices.end() - first);
    blocks_.push_back(std::make_shared<const Block>(first, first + count));
    begins_.push_back(BeginOf(*blocks_.back()));
    first += count;
  }
}

void SliceList::push_back(SlicePtr slice) {
  ++size_;
  if (blocks_.empty() || blocks_.back()->size() >= kBlockSlices) {
    blocks_.push_back(std::make_shared<const Block>(1, std::move(slice)));
    begins_.push_back(BeginOf(*blocks_.back()));
    return;
  }
  auto grown = std::make_shared<Block>();
  grown->reserve(blocks_.back()->size() + 1);
  *grown = *blocks_.back();
  grown->push_back(std::move(slice));
  blocks_.back() = std::move(grown);
}

void SliceList::DropFront(size_t count) {
  assert(count <= size_);
  size_ -= count;
  auto first = blocks_.begin();
  while (count > 0 && count >= (*first)->size()) count -= (*first++)->size();
  if (count > 0)
    *first = std::make_shared<const Block>((*first)->begin() + static_cast<std::ptrdiff_t>(count), (*first)->end());
  begins_.erase(begins_.begin(), begins_.begin() + (first - blocks_.begin()));
  blocks_.erase(blocks_.begin(), first);
  if (!blocks_.empty()) begins_.front() = BeginOf(*blocks_.front());
}

SliceList::Iterator SliceList::Find(int64_t number, int64_t row) const {
  const auto is_after = [&](const SlicePtr& slice) {
    return slice->number > number || (slice->number == number && slice->first_row > row);
  };
  const auto after_begin = std::partition_point(begins_.begin(), begins_.end(), [&](const Begin& begin) {
    return begin.number < number || (begin.number == number && begin.row <= row);
  });
  if (after_begin == begins_.begin()) return end();
  const auto block = blocks_.begin() + (after_begin - begins_.begin());
  const Block& slices = **(block - 1);
  // Mostly no number is left out, and this is it.
  size_t slice = std::min(static_cast<size_t>(number - slices.front()->number), slices.size() - 1);
  const bool last = slice + 1 == slices.size() || is_after(slices[slice + 1]);
  if (is_after(slices[slice]) || !last) {
    const auto after =
        std::partition_point(slices.begin(), slices.end(), [&](const auto& each) { return !is_after(each); });
    slice = static_cast<size_t>(after - slices.begin() - 1);
  }
  return Iterator(&*(block - 1), slice);
}

}  // namespace k2i::buffer
