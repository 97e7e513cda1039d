// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/decimal.h"

#include <fmt/format.h>

#include <algorithm>

namespace k2i::iceberg {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

Unsigned128 Magnitude(Decimal128 value) {
  const auto bits = static_cast<Unsigned128>(value.value);
  return value.value < 0 ? ~bits + 1 : bits;
}

std::string Digits(Unsigned128 magnitude) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
  } while (magnitude != 0);
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace

std::string DecimalToBytes(Decimal128 value) {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) bytes += static_cast<char>(value.value >> shift);
  // A leading byte that only repeats the sign of the next one says nothing.
  size_t start = 0;
  while (start < bytes.size() - 1) {
    const bool next_negative = (static_cast<uint8_t>(bytes[start + 1]) & 0x80) != 0;
    if (static_cast<uint8_t>(bytes[start]) != (next_negative ? 0xff : 0x00)) break;
    ++start;
  }
  return bytes.substr(start);
}

std::optional<Decimal128> DecimalFromBytes(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > 16) return std::nullopt;
  const bool negative = (static_cast<uint8_t>(bytes[0]) & 0x80) != 0;
  Unsigned128 value = negative ? ~Unsigned128{0} : 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
  return Decimal128{static_cast<Decimal128::Rep>(value)};
}

std::string DecimalToPlainText(Decimal128 value, int scale) {
  std::string digits = Digits(Magnitude(value));
  const auto fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (fraction > 0) digits.insert(digits.size() - fraction, ".");
  return (value.value < 0 ? "-" : "") + digits;
}

std::string DecimalToText(Decimal128 value, int scale) {
  std::string digits = Digits(Magnitude(value));
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (exponent >= -6) return DecimalToPlainText(value, scale);
  if (digits.size() > 1) digits.insert(1, ".");
  return fmt::format("{}{}E{}", value.value < 0 ? "-" : "", digits, exponent);
}

std::optional<Decimal128> DecimalFromPlainText(std::string_view text, int precision, int scale) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = text.find('.');
  const size_t fraction = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (text.empty() || point == 0 || fraction != static_cast<size_t>(scale) || text.ends_with('.')) return std::nullopt;
  Unsigned128 magnitude = 0;
  int digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    if (magnitude != 0 || text[i] != '0') ++digits;
    if (digits > precision) return std::nullopt;
    magnitude = magnitude * 10 + static_cast<Unsigned128>(text[i] - '0');
  }
  const auto value = static_cast<Decimal128::Rep>(magnitude);
  return Decimal128{negative ? -value : value};
}

}  // namespace k2i::iceberg
