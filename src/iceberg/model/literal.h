// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace k2i::iceberg {

class Type;

/// 128-bit two's complement value of a decimal, unscaled.
struct Decimal128 {
  __extension__ typedef __int128 Rep;
  Rep value = 0;
  friend bool operator==(const Decimal128&, const Decimal128&) = default;
  friend auto operator<=>(const Decimal128& a, const Decimal128& b) { return a.value <=> b.value; }
};
struct UuidBytes {
  std::array<uint8_t, 16> bytes{};  // big-endian, as printed
  friend auto operator<=>(const UuidBytes&, const UuidBytes&) = default;
};
/// Bytes of fixed and binary, apart from UTF-8 text.
struct Bytes {
  std::string value;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

/// A single primitive value. What holds it: boolean bool; int, date (days since 1970) int32_t; long, time (µs),
/// timestamp(tz) (µs), timestamp(tz)_ns (ns) int64_t; float, double; decimal Decimal128; string std::string; uuid
/// UuidBytes; fixed, binary Bytes. monostate: null.
using Literal =
    std::variant<std::monostate, bool, int32_t, int64_t, float, double, Decimal128, std::string, UuidBytes, Bytes>;

inline bool is_null(const Literal& literal) { return std::holds_alternative<std::monostate>(literal); }

/// Bytes of lower_bounds and upper_bounds (spec appendix D, "Binary single-value serialization").
std::string SerializeLiteral(const Type& type, const Literal& value);
/// Corruption when `bytes` has a length that the type cannot have.
Result<Literal> DeserializeLiteral(const Type& type, std::string_view bytes);
/// As partition paths print it: human-readable ("2024-01-31", "1.23", base64 for binary, "null").
std::string ToHumanString(const Type& type, const Literal& value);

}  // namespace k2i::iceberg
