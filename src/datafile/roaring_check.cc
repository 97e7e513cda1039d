// SPDX-License-Identifier: Apache-2.0
#include "datafile/roaring_check.h"

#include <bit>
#include <vector>

#include "datafile/little_endian.h"

namespace k2i::datafile {
namespace {

constexpr uint32_t kCookieWithRuns = 12'347;  // in the lower half; the upper one is the number of containers less 1
constexpr uint32_t kCookie = 12'346;
constexpr uint32_t kMaxContainers = 65'536;
constexpr uint32_t kMaxArray = 4'096;  // a container of more values is a bitset
constexpr size_t kBitsetWords = 1'024;
constexpr uint32_t kFewContainers = 4;  // below it, a bitmap with runs has no offsets

std::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("a Roaring bitmap ") + what);
}

struct Container {
  uint32_t cardinality = 0;
  bool runs = false;
};

Status CheckArray(LittleEndianReader& reader, uint32_t cardinality) {
  int32_t last = -1;
  for (uint32_t i = 0; i < cardinality; ++i) {
    const auto value = reader.Take<uint16_t>();
    if (!reader.ok()) break;
    if (value <= last) return Malformed("whose values are out of order");
    last = value;
  }
  return {};
}

Status CheckBitset(LittleEndianReader& reader, uint32_t cardinality) {
  uint32_t count = 0;
  for (size_t i = 0; i < kBitsetWords; ++i) count += static_cast<uint32_t>(std::popcount(reader.Take<uint64_t>()));
  if (reader.ok() && count != cardinality) return Malformed("whose values are not as many as it says");
  return {};
}

Status CheckRuns(LittleEndianReader& reader, uint32_t cardinality) {
  const auto runs = reader.Take<uint16_t>();
  int32_t last = -1;
  uint32_t count = 0;
  for (uint32_t i = 0; i < runs && reader.ok(); ++i) {
    const int32_t start = reader.Take<uint16_t>();
    const int32_t length = reader.Take<uint16_t>();  // less 1
    if (!reader.ok()) break;
    if (start <= last || start + length > UINT16_MAX) return Malformed("whose runs overlap or end too late");
    last = start + length;
    count += static_cast<uint32_t>(length) + 1;
  }
  if (reader.ok() && count != cardinality) return Malformed("whose values are not as many as it says");
  return {};
}

/// The containers by the header, in which a bit for each says whether it is one of runs.
Result<std::vector<Container>> ReadContainers(LittleEndianReader& reader) {
  const auto cookie = reader.Take<uint32_t>();
  const bool with_runs = (cookie & UINT16_MAX) == kCookieWithRuns;
  if (!with_runs && cookie != kCookie) return Malformed("with an unknown cookie");
  const uint32_t count = with_runs ? (cookie >> 16) + 1 : reader.Take<uint32_t>();
  if (count == 0 || count > kMaxContainers) return Malformed("of no container, or too many");
  const std::string_view run_bits = with_runs ? reader.TakeBytes((count + 7) / 8) : std::string_view();
  std::vector<Container> containers;
  int32_t last_key = -1;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto key = reader.Take<uint16_t>();
    const uint32_t cardinality = uint32_t{reader.Take<uint16_t>()} + 1;
    if (!reader.ok()) break;
    if (key <= last_key) return Malformed("whose containers are out of order");
    last_key = key;
    containers.push_back({cardinality, with_runs && ((static_cast<uint8_t>(run_bits[i / 8]) >> (i % 8)) & 1) != 0});
  }
  // Where each container begins: it is known already.
  if (!with_runs || count >= kFewContainers) reader.TakeBytes(size_t{4} * count);
  return containers;
}

}  // namespace

Result<size_t> CheckRoaring(std::string_view bytes) {
  LittleEndianReader reader(bytes);
  K2I_ASSIGN_OR_RETURN(const auto containers, ReadContainers(reader));
  for (const Container& container : containers) {
    if (!reader.ok()) break;
    K2I_RETURN_IF_ERROR(container.runs                      ? CheckRuns(reader, container.cardinality)
                        : container.cardinality > kMaxArray ? CheckBitset(reader, container.cardinality)
                                                            : CheckArray(reader, container.cardinality));
  }
  if (!reader.ok()) return Malformed("that is cut short");
  return bytes.size() - reader.left().size();
}

}  // namespace k2i::datafile
