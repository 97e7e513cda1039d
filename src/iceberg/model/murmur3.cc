// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/murmur3.h"

#include <bit>

namespace k2i::iceberg {
namespace {

constexpr uint32_t Scramble(uint32_t block) { return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U; }

/// Up to four bytes as a little-endian number, whatever this machine's order.
uint32_t Block(std::string_view bytes) {
  uint32_t block = 0;
  for (size_t i = bytes.size(); i > 0; --i) block = block << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return block;
}

}  // namespace

int32_t Murmur3(std::string_view bytes) {
  const auto length = static_cast<uint32_t>(bytes.size());
  uint32_t hash = 0;
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    hash = std::rotl(hash ^ Scramble(Block(bytes.substr(0, 4))), 13) * 5 + 0xe6546b64U;
  }
  if (!bytes.empty()) hash ^= Scramble(Block(bytes));
  hash ^= length;
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return static_cast<int32_t>(hash ^ hash >> 16);
}

}  // namespace k2i::iceberg
