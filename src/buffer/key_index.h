// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/stl_allocator.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "buffer/slice.h"

namespace k2i::buffer {

/// Where a row is: in the slice that was sealed as `number`, `row` rows from its beginning.
struct RowPlace {
  int64_t number;
  int64_t row;
};

/// From the hash of a key to the rows that may have it, over neighbouring slices; immutable once it is made. A flat
/// table with open addressing holds the newest row of each hash; earlier rows hang on it in a chain. It knows slices by
/// number only, so that it keeps none of them in memory.
class KeyIndex {
 public:
  /// Of one slice's `column`; null where it has no keys. Its memory is counted by `pool`.
  static std::shared_ptr<const KeyIndex> Build(const Slice& slice, const std::string& column, arrow::MemoryPool* pool);
  /// Of all rows of `parts`, oldest first.
  static std::shared_ptr<const KeyIndex> Merge(std::span<const std::shared_ptr<const KeyIndex>> parts,
                                               arrow::MemoryPool* pool);

  void Prefetch(uint32_t hash) const { __builtin_prefetch(&slots_[Home(hash)]); }
  /// Calls `visit` with the place of each row of this hash, newest first, until it returns false. Says whether none
  /// did.
  template <typename Visit>
  bool ForEach(uint32_t hash, const Visit& visit) const {
    for (uint32_t row = Newest(hash); row != kNone; row = previous_.empty() ? kNone : previous_[row]) {
      if (!visit(PlaceOf(row))) return false;
    }
    return true;
  }
  int64_t rows() const { return rows_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Slot {
    uint32_t hash;
    uint32_t row;  // kNone: free
  };
  struct Part {
    int64_t number;
    uint32_t first;  // row of this index
  };

  KeyIndex(size_t keys, int64_t rows, arrow::MemoryPool* pool);
  /// By the upper bits, so that tables are about in the order of hashes and merging goes through memory in order.
  size_t Home(uint32_t hash) const { return static_cast<size_t>(uint64_t{hash} << bits_ >> 32); }
  Slot& Find(uint32_t hash);
  uint32_t Newest(uint32_t hash) const;
  void Chain(uint32_t row, uint32_t earlier);
  void InsertRows(std::span<const uint32_t> hashes, std::span<const uint8_t> valid);
  void InsertPart(const KeyIndex& part, uint32_t first);
  RowPlace PlaceOf(uint32_t row) const;

  int bits_;
  std::vector<Slot, arrow::stl::allocator<Slot>> slots_;
  std::vector<uint32_t, arrow::stl::allocator<uint32_t>> previous_;  // by row; empty as long as no key comes twice
  std::vector<Part> parts_;
  size_t used_ = 0;
  int64_t rows_ = 0;
};

}  // namespace k2i::buffer
