// SPDX-License-Identifier: Apache-2.0
#include "record/binary_text.h"

#include <array>

namespace k2i::record {
namespace {

constexpr uint8_t kInvalid = 0xFF;

constexpr std::array<uint8_t, 256> ReverseTable(std::string_view alphabet) {
  std::array<uint8_t, 256> table{};
  table.fill(kInvalid);
  for (size_t i = 0; i < alphabet.size(); ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  return table;
}

constexpr auto kBase64 = ReverseTable("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

constexpr std::array<uint8_t, 256> HexTable() {
  auto table = ReverseTable("0123456789abcdef");
  for (char c = 'A'; c <= 'F'; ++c) table[static_cast<unsigned char>(c)] = static_cast<uint8_t>(c - 'A' + 10);
  return table;
}
constexpr auto kHex = HexTable();

}  // namespace

Why ParseBase64(std::string_view text, uint8_t* out, int64_t* size) {
  constexpr Why kNotBase64 = "is not base64";
  *size = 0;
  if (text.size() % 4 != 0) return kNotBase64;
  size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const uint8_t six = kBase64[static_cast<unsigned char>(c)];
    if (six == kInvalid) return kNotBase64;
    bits = bits << 6 | six;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    out[(*size)++] = static_cast<uint8_t>(bits >> bit_count);
  }
  // Bits left over by padding must be zeros (RFC 4648 §3.5), so that each byte string has one text.
  return (bits & ((1u << bit_count) - 1)) == 0 ? nullptr : kNotBase64;
}

Why ParseUuid(std::string_view text, std::span<uint8_t, 16> out) {
  constexpr Why kNotAUuid = "is not a UUID";
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return kNotAUuid;
  constexpr std::array<uint8_t, 16> kAt = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  uint8_t invalid = 0;
  for (size_t i = 0; i < 16; ++i) {
    const uint8_t high = kHex[static_cast<unsigned char>(text[kAt[i]])];
    const uint8_t low = kHex[static_cast<unsigned char>(text[kAt[i] + 1u])];
    invalid |= high | low;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return invalid > 0xF ? kNotAUuid : nullptr;
}

}  // namespace k2i::record
