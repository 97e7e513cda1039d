// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/partition_key.h"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

namespace k2i::iceberg {
namespace {

template <typename Unsigned>
void AppendBigEndian(Unsigned value, std::string& key) {
  for (int shift = static_cast<int>(sizeof(value)) * 8 - 8; shift >= 0; shift -= 8) {
    key += static_cast<char>(static_cast<uint8_t>(value >> shift));
  }
}

/// Negative floats in the order of their size, before the others.
template <typename Unsigned>
Unsigned Ordered(Unsigned bits) {
  constexpr Unsigned kSign = Unsigned{1} << (sizeof(Unsigned) * 8 - 1);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

struct KeyBuilder {
  std::string& key;

  void operator()(std::monostate) const {}
  void operator()(bool value) const { key += value ? '\1' : '\0'; }
  void operator()(int32_t value) const { AppendBigEndian(static_cast<uint32_t>(value) ^ 0x8000'0000U, key); }
  void operator()(int64_t value) const { AppendBigEndian(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63), key); }
  void operator()(float value) const {
    const float one = std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : value;
    AppendBigEndian(Ordered(std::bit_cast<uint32_t>(one)), key);
  }
  void operator()(double value) const {
    const double one = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
    AppendBigEndian(Ordered(std::bit_cast<uint64_t>(one)), key);
  }
  void operator()(const Decimal128& value) const {
    __extension__ typedef unsigned __int128 Bits;
    const auto bits = static_cast<Bits>(value.value);
    AppendBigEndian(static_cast<uint64_t>(bits >> 64) ^ (uint64_t{1} << 63), key);
    AppendBigEndian(static_cast<uint64_t>(bits), key);
  }
  void operator()(const UuidBytes& value) const {
    key.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
  }
  void operator()(const std::string& value) const { AppendText(value); }
  void operator()(const Bytes& value) const { AppendText(value.value); }

  /// Ends with two zeroes; a zero inside is followed by 1, so that no text is the beginning of another.
  void AppendText(const std::string& text) const {
    for (const char c : text) {
      key += c;
      if (c == '\0') key += '\1';
    }
    key.append(2, '\0');
  }
};

}  // namespace

std::string PartitionKey(const PartitionTuple& tuple) {
  std::string key;
  for (const Literal& value : tuple) {
    key += is_null(value) ? '\0' : '\1';
    std::visit(KeyBuilder{key}, value);
  }
  return key;
}

}  // namespace k2i::iceberg
