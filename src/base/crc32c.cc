// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

namespace k2i {
namespace {

constexpr uint32_t kReflectedPolynomial = 0x82F63B78;
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

/// Table n advances a byte's remainder by n more bytes ("slicing by 8", Kounavis and Berry 2005).
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint32_t EightBytes(const char* bytes, uint32_t crc) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  word ^= crc;
  uint32_t next = 0;
  for (size_t i = 0; i < kSlices; ++i) next ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xFF];
  return next;
}

uint32_t WholeWords(std::string_view bytes, uint32_t crc) {
  for (; bytes.size() >= kSlices; bytes.remove_prefix(kSlices)) crc = EightBytes(bytes.data(), crc);
  return crc;
}

#ifdef __x86_64__
/// The processor's own instruction (SSE 4.2), five times as fast.
__attribute__((target("sse4.2"))) uint32_t WholeWordsByInstruction(std::string_view bytes, uint32_t crc) {
  uint64_t wide = crc;
  for (; bytes.size() >= sizeof(uint64_t); bytes.remove_prefix(sizeof(uint64_t))) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    wide = _mm_crc32_u64(wide, word);
  }
  return static_cast<uint32_t>(wide);
}

bool HasInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }
#else
uint32_t WholeWordsByInstruction(std::string_view bytes, uint32_t crc) { return WholeWords(bytes, crc); }
bool HasInstruction() { return false; }
#endif

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  static_assert(std::endian::native == std::endian::little);
  static const auto whole_words = HasInstruction() ? &WholeWordsByInstruction : &WholeWords;
  crc = whole_words(bytes, ~crc);
  for (const char c : bytes.substr(bytes.size() / kSlices * kSlices)) {
    crc = kTables[0][(crc ^ static_cast<uint8_t>(c)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

}  // namespace k2i
