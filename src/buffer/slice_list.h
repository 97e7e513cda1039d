// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <vector>

#include "buffer/slice.h"

namespace k2i::buffer {

/// Slices in order. A value that is cheap to copy and to grow, for a view is made at every seal and holds thousands:
/// copies share blocks of slices, and growing copies one block at most.
class SliceList {
 public:
  static constexpr size_t kBlockSlices = 64;
  using Block = std::vector<SlicePtr>;  // never empty

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = SlicePtr;
    using difference_type = std::ptrdiff_t;
    using pointer = const SlicePtr*;
    using reference = const SlicePtr&;

    Iterator() = default;
    reference operator*() const { return (**block_)[at_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++at_ == (*block_)->size()) {
        ++block_;
        at_ = 0;
      }
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend class SliceList;
    explicit Iterator(const std::shared_ptr<const Block>* block, size_t at = 0) : block_(block), at_(at) {}
    const std::shared_ptr<const Block>* block_ = nullptr;
    size_t at_ = 0;
  };
  using value_type = SlicePtr;
  using const_iterator = Iterator;
  using iterator = Iterator;

  SliceList() = default;
  SliceList(const std::vector<SlicePtr>& slices);
  SliceList(std::initializer_list<SlicePtr> slices) : SliceList(std::vector<SlicePtr>(slices)) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return Iterator(blocks_.data()); }
  Iterator end() const { return Iterator(blocks_.data() + blocks_.size()); }
  /// REQUIRES: not empty.
  const SlicePtr& front() const { return blocks_.front()->front(); }
  const SlicePtr& back() const { return blocks_.back()->back(); }
  /// The last slice that begins at or before row `row` of what was sealed as `number`; end() if none does. REQUIRES:
  /// slices are in order of sealing.
  Iterator Find(int64_t number, int64_t row) const;

  void push_back(SlicePtr slice);
  /// REQUIRES: count <= size().
  void DropFront(size_t count);

 private:
  /// Where a block's first slice begins; kept beside the blocks, so that a search does not touch them all.
  struct Begin {
    int64_t number;
    int64_t row;
  };
  static Begin BeginOf(const Block& block) { return {block.front()->number, block.front()->first_row}; }

  std::vector<std::shared_ptr<const Block>> blocks_;
  std::vector<Begin> begins_;  // of blocks_
  size_t size_ = 0;
};

}  // namespace k2i::buffer
