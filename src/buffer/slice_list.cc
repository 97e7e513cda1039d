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
    first += count;
  }
}

void SliceList::push_back(SlicePtr slice) {
  ++size_;
  if (blocks_.empty() || blocks_.back()->size() >= kBlockSlices) {
    blocks_.push_back(std::make_shared<const Block>(1, std::move(slice)));
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
  blocks_.erase(blocks_.begin(), first);
}

SliceList::Iterator SliceList::Find(int64_t number, int64_t row) const {
  const auto is_after = [&](const SlicePtr& slice) {
    return slice->number > number || (slice->number == number && slice->first_row > row);
  };
  const auto block =
      std::partition_point(blocks_.begin(), blocks_.end(), [&](const auto& each) { return !is_after(each->front()); });
  if (block == blocks_.begin()) return end();
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
