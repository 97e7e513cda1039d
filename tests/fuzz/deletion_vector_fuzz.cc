// SPDX-License-Identifier: Apache-2.0
//
// The reader of deletion vectors. Every input is taken for the positions of one, under a checksum that is right; what
// is accepted is safe in the hands of the library, which does not look.
#include <roaring/roaring.h>

#include <algorithm>
#include <memory>

#include "datafile/delete_files_testing.h"
#include "datafile/deletion_vector.h"
#include "datafile/roaring_check.h"
#include "fuzz/fuzz_target.h"

namespace k2i::fuzz {
namespace {

using Bitmap = std::unique_ptr<roaring_bitmap_t, decltype(&roaring_bitmap_free)>;

std::vector<uint32_t> ValuesOf(const roaring_bitmap_t& bitmap) {
  std::vector<uint32_t> values(roaring_bitmap_get_cardinality(&bitmap));
  roaring_bitmap_to_uint32_array(&bitmap, values.data());
  return values;
}

void CheckBitmap(std::string_view bytes) {
  const auto size = datafile::CheckRoaring(bytes);
  if (!size) return Require(size.error().code == ErrorCode::kCorruption, "a bad bitmap is Corruption");
  Require(*size <= bytes.size(), "a bitmap is no longer than its bytes");
  const Bitmap bitmap(roaring_bitmap_portable_deserialize_safe(bytes.data(), *size), roaring_bitmap_free);
  Require(bitmap != nullptr, "the library takes what was found to be right");
  const auto values = ValuesOf(*bitmap);
  Require(!values.empty(), "a bitmap holds something");
  Require(std::ranges::adjacent_find(values, std::greater_equal()) == values.end(), "values are in order, once each");
  Require(std::ranges::all_of(values, [&](uint32_t value) { return roaring_bitmap_contains(bitmap.get(), value); }),
          "each value is found");
  std::string again(roaring_bitmap_portable_size_in_bytes(bitmap.get()), '\0');
  roaring_bitmap_portable_serialize(bitmap.get(), again.data());
  const auto rewritten = datafile::CheckRoaring(again);
  Require(rewritten.has_value() && *rewritten == again.size(), "what the library writes is right");
  const Bitmap twin(roaring_bitmap_portable_deserialize_safe(again.data(), again.size()), roaring_bitmap_free);
  Require(ValuesOf(*twin) == values, "a bitmap reads back the same");
}

void CheckVector(std::string_view bytes) {
  const std::string blob = datafile::SealDeletionVector(std::string(bytes));
  const auto set = datafile::DecodeDeletionVector(blob);
  if (!set) return Require(set.error().code == ErrorCode::kCorruption, "a bad vector is Corruption");
  Require(set->empty() == !set->last().has_value() && set->empty() == (set->cardinality() == 0), "empty is empty");
  if (!set->empty()) {
    const int64_t last = *set->last();
    Require(last >= 0 && set->Contains(last) && set->ContainsAnyOf(last, 1), "the last position is in it");
    Require(last == INT64_MAX || !set->Contains(last + 1), "and the next is not");
    datafile::PositionSet copy;
    copy.AddAll(*set);
    Require(copy.cardinality() == set->cardinality() && copy.last() == last, "a copy is the same");
  }
  std::string damaged = blob;
  damaged[bytes.size() % damaged.size()] ^= 0x20;
  Require(!datafile::DecodeDeletionVector(damaged).has_value(), "a changed byte is noticed");
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<int64_t> run(5'000), sparse, dense;
  for (size_t i = 0; i < run.size(); ++i) run[i] = static_cast<int64_t>(i) + 10;
  for (int64_t i = 0; i < 300; ++i) sparse.push_back(i * 40'000);
  for (int64_t i = 0; i < 65'536; i += 3) dense.push_back((int64_t{7} << 32) + i);
  std::vector<int64_t> mixed = run;
  mixed.insert(mixed.end(), {1'000'000, int64_t{1} << 32, (int64_t{1} << 62) + 5});
  std::vector<std::string> seeds;
  for (const auto& positions : {std::vector<int64_t>{}, {0}, {1, 5, 70'000}, run, sparse, dense, mixed}) {
    seeds.push_back(datafile::EncodePositions(positions));
    // A single bitmap, as CheckBitmap takes it.
    if (!positions.empty()) seeds.push_back(seeds.back().substr(12));
  }
  return seeds;
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = k2i::fuzz::TextOf(data, size);
  k2i::fuzz::CheckBitmap(bytes);
  k2i::fuzz::CheckVector(bytes);
  return 0;
}
