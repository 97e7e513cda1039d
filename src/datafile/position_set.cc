// SPDX-License-Identifier: Apache-2.0
#include "datafile/position_set.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <utility>

#include "datafile/little_endian.h"
#include "datafile/roaring_check.h"

namespace k2i::datafile {
namespace {

constexpr int kHalfBits = 32;

std::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("a set of positions ") + what);
}

uint32_t UpperHalf(int64_t position) { return static_cast<uint32_t>(position >> kHalfBits); }

struct FreeBitmap {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};

}  // namespace

class RoaringBitmap {
 public:
  explicit RoaringBitmap(roaring_bitmap_t* bitmap) : bitmap_(bitmap) {
    if (bitmap_ == nullptr) throw std::bad_alloc();
  }
  roaring_bitmap_t* get() const { return bitmap_.get(); }

 private:
  std::unique_ptr<roaring_bitmap_t, FreeBitmap> bitmap_;
};

PositionSet::PositionSet() = default;
PositionSet::PositionSet(PositionSet&&) noexcept = default;
PositionSet& PositionSet::operator=(PositionSet&&) noexcept = default;
PositionSet::~PositionSet() = default;

Result<PositionSet> PositionSet::Parse(std::string_view bytes) {
  LittleEndianReader reader(bytes);
  const auto count = reader.Take<uint64_t>();
  PositionSet set;
  int64_t last_key = -1;
  for (uint64_t i = 0; i < count; ++i) {
    const auto key = reader.Take<uint32_t>();
    if (!reader.ok()) return Malformed("that is cut short");
    if (key <= last_key) return Malformed("whose keys are out of order");
    if (key > INT32_MAX) return Malformed("beyond 63 bits");
    last_key = key;
    K2I_ASSIGN_OR_RETURN(const size_t size, CheckRoaring(reader.left()));
    const std::string_view bitmap = reader.TakeBytes(size);
    set.bitmaps_.emplace(
        key, std::make_unique<RoaringBitmap>(roaring_bitmap_portable_deserialize_safe(bitmap.data(), bitmap.size())));
  }
  if (!reader.ok() || !reader.left().empty()) return Malformed("that is cut short, or has bytes after its end");
  return set;
}

void PositionSet::Add(int64_t position) {
  auto& bitmap = bitmaps_[UpperHalf(position)];
  if (bitmap == nullptr) bitmap = std::make_unique<RoaringBitmap>(roaring_bitmap_create());
  roaring_bitmap_add(bitmap->get(), static_cast<uint32_t>(position));
}

void PositionSet::AddAll(const PositionSet& other) {
  for (const auto& [key, theirs] : other.bitmaps_) {
    auto& bitmap = bitmaps_[key];
    if (bitmap == nullptr) {
      bitmap = std::make_unique<RoaringBitmap>(roaring_bitmap_copy(theirs->get()));
    } else {
      roaring_bitmap_or_inplace(bitmap->get(), theirs->get());
    }
  }
}

bool PositionSet::Contains(int64_t position) const {
  const auto it = bitmaps_.find(UpperHalf(position));
  return it != bitmaps_.end() && roaring_bitmap_contains(it->second->get(), static_cast<uint32_t>(position));
}

bool PositionSet::ContainsAnyOf(int64_t first, int64_t count) const {
  for (const auto& [key, bitmap] : bitmaps_) {
    const int64_t base = int64_t{key} << kHalfBits;
    const int64_t from = std::max(first, base) - base;
    const int64_t to = std::min(first + count - 1 - base, int64_t{UINT32_MAX});  // the last one
    if (to < from) continue;
    const auto up_to = [&](int64_t value) { return roaring_bitmap_rank(bitmap->get(), static_cast<uint32_t>(value)); };
    if (up_to(to) > (from > 0 ? up_to(from - 1) : 0)) return true;
  }
  return false;
}

int64_t PositionSet::cardinality() const {
  uint64_t count = 0;
  for (const auto& [key, bitmap] : bitmaps_) count += roaring_bitmap_get_cardinality(bitmap->get());
  return static_cast<int64_t>(count);
}

std::optional<int64_t> PositionSet::last() const {
  if (bitmaps_.empty()) return std::nullopt;
  const auto& [key, bitmap] = *bitmaps_.rbegin();
  return (int64_t{key} << kHalfBits) + roaring_bitmap_maximum(bitmap->get());
}

int64_t PositionSet::size_bytes() const {
  constexpr size_t kOverhead = 128;  // of a bitmap and its place in the map
  size_t bytes = sizeof(PositionSet);
  for (const auto& [key, bitmap] : bitmaps_) bytes += kOverhead + roaring_bitmap_size_in_bytes(bitmap->get());
  return static_cast<int64_t>(bytes);
}

}  // namespace k2i::datafile
