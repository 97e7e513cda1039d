// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace k2i::datafile {

class RoaringBitmap;

/// Positions of rows in a file, from 0; compressed (about two bytes a position or one bit a row, whichever is less).
/// One thread writes, then any number may read.
class PositionSet {
 public:
  PositionSet();
  PositionSet(PositionSet&&) noexcept;
  PositionSet& operator=(PositionSet&&) noexcept;
  ~PositionSet();

  /// What Iceberg's Puffin spec keeps of it: 64-bit Roaring in the portable format. Corruption for anything else.
  static Result<PositionSet> Parse(std::string_view bytes);

  /// REQUIRES: position >= 0
  void Add(int64_t position);
  void AddAll(const PositionSet& other);

  bool empty() const { return bitmaps_.empty(); }
  bool Contains(int64_t position) const;
  /// True when one of [first, first + count) is in it.
  bool ContainsAnyOf(int64_t first, int64_t count) const;
  int64_t cardinality() const;
  /// The largest; nullopt when empty.
  std::optional<int64_t> last() const;
  /// In memory, roughly.
  int64_t size_bytes() const;

 private:
  std::map<uint32_t, std::unique_ptr<RoaringBitmap>> bitmaps_;  // by the upper half of the position; none is empty
};

}  // namespace k2i::datafile
