// SPDX-License-Identifier: Apache-2.0
#include "buffer/key_index.h"

#include <algorithm>
#include <bit>

#include "buffer/key_column.h"

namespace k2i::buffer {

KeyIndex::KeyIndex(size_t keys, int64_t rows, arrow::MemoryPool* pool)
    : bits_(std::bit_width(keys + keys / 2 + 1)),
      slots_(size_t{1} << bits_, Slot{0, kNone}, arrow::stl::allocator<Slot>(pool)),
      previous_(arrow::stl::allocator<uint32_t>(pool)),
      rows_(rows) {}

/// The slot of the hash, or the free one where it belongs.
KeyIndex::Slot& KeyIndex::Find(uint32_t hash) {
  size_t at = Home(hash);
  while (slots_[at].row != kNone && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

uint32_t KeyIndex::Newest(uint32_t hash) const { return const_cast<KeyIndex*>(this)->Find(hash).row; }

void KeyIndex::Chain(uint32_t row, uint32_t earlier) {
  if (previous_.empty()) previous_.resize(static_cast<size_t>(rows_), kNone);
  previous_[row] = earlier;
}

void KeyIndex::InsertRows(std::span<const uint32_t> hashes, std::span<const uint8_t> valid) {
  constexpr size_t kAhead = 8;
  for (size_t row = 0; row < hashes.size(); ++row) {
    if (row + kAhead < hashes.size()) __builtin_prefetch(&slots_[Home(hashes[row + kAhead])], 1);
    if (valid[row] == 0) continue;
    Slot& slot = Find(hashes[row]);
    if (slot.row == kNone) {
      ++used_;
    } else {
      Chain(static_cast<uint32_t>(row), slot.row);
    }
    slot = {hashes[row], static_cast<uint32_t>(row)};
  }
}

/// The rows of a later part, which become those from `first` on.
void KeyIndex::InsertPart(const KeyIndex& part, uint32_t first) {
  for (const Part& slice : part.parts_) parts_.push_back({slice.number, slice.first + first});
  for (size_t row = 0; row < part.previous_.size(); ++row) {
    if (part.previous_[row] != kNone) Chain(first + static_cast<uint32_t>(row), first + part.previous_[row]);
  }
  for (const Slot& from : part.slots_) {
    if (from.row == kNone) continue;
    Slot& slot = Find(from.hash);
    if (slot.row == kNone) {
      ++used_;
    } else {
      uint32_t oldest = first + from.row;
      while (!previous_.empty() && previous_[oldest] != kNone) oldest = previous_[oldest];
      Chain(oldest, slot.row);
    }
    slot = {from.hash, first + from.row};
  }
}

RowPlace KeyIndex::PlaceOf(uint32_t row) const {
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), row,
                                      [](uint32_t wanted, const Part& part) { return wanted < part.first; });
  const Part& part = *(after - 1);
  return {part.number, row - part.first};
}

std::shared_ptr<const KeyIndex> KeyIndex::Build(const Slice& slice, const std::string& column,
                                                arrow::MemoryPool* pool) {
  std::vector<uint32_t> hashes;
  std::vector<uint8_t> valid;
  if (!HashKeys(slice, column, hashes, valid)) return nullptr;
  std::shared_ptr<KeyIndex> index(new KeyIndex(hashes.size(), slice.row_count(), pool));
  index->parts_ = {{slice.number, 0}};
  index->InsertRows(hashes, valid);
  return index;
}

std::shared_ptr<const KeyIndex> KeyIndex::Merge(std::span<const std::shared_ptr<const KeyIndex>> parts,
                                                arrow::MemoryPool* pool) {
  size_t keys = 0;
  int64_t rows = 0;
  for (const auto& part : parts) {
    keys += part->used_;
    rows += part->rows_;
  }
  std::shared_ptr<KeyIndex> index(new KeyIndex(keys, rows, pool));
  uint32_t first = 0;
  for (const auto& part : parts) {
    index->InsertPart(*part, first);
    first += static_cast<uint32_t>(part->rows_);
  }
  return index;
}

}  // namespace k2i::buffer
