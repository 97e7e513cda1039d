// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace k2i::verify {

/// A set of offsets of one partition: a bit each, by blocks of 65,536, and nothing but a mark for a block that is full.
/// So a partition that was read without holes takes next to no memory, and one with holes an eighth of a byte a
/// position.
class PositionSet {
 public:
  /// False when it was in the set already. REQUIRES: offset >= 0.
  bool Insert(int64_t offset);
  int64_t memory_bytes() const;

 private:
  static constexpr int64_t kBlockOffsets = 1 << 16;
  using Bits = std::array<uint64_t, kBlockOffsets / 64>;
  struct Block {
    int64_t count = 0;
    std::unique_ptr<Bits> bits;  // null: empty, or full
  };

  std::unordered_map<int64_t, Block> blocks_;
  int64_t last_index_ = -1;
  Block* last_ = nullptr;
};

}  // namespace k2i::verify
