// SPDX-License-Identifier: Apache-2.0
#include "verify/position_set.h"

namespace k2i::verify {

bool PositionSet::Insert(int64_t offset) {
  const int64_t index = offset / kBlockOffsets;
  if (index != last_index_) {
    last_ = &blocks_[index];  // stays where it is, whatever is added later
    last_index_ = index;
  }
  Block& block = *last_;
  if (block.count == kBlockOffsets) return false;
  if (block.bits == nullptr) block.bits = std::make_unique<Bits>();
  const auto place = static_cast<size_t>(offset % kBlockOffsets);
  uint64_t& word = (*block.bits)[place / 64];
  const uint64_t bit = uint64_t{1} << (place % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  if (++block.count == kBlockOffsets) block.bits.reset();
  return true;
}

int64_t PositionSet::memory_bytes() const {
  int64_t bytes = 0;
  for (const auto& [index, block] : blocks_) {
    bytes += static_cast<int64_t>(sizeof(Block) + (block.bits == nullptr ? 0 : sizeof(Bits)));
  }
  return bytes;
}

}  // namespace k2i::verify
