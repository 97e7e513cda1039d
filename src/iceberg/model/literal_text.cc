// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/literal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "base/calendar.h"
#include "iceberg/model/decimal.h"
#include "iceberg/model/type.h"

namespace k2i::iceberg {
namespace {

template <typename T>
std::string JavaFloating(T value) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "Infinity";
  if (value == 0) return sign + "0.0";
  // The shortest digits that read back as the same number, "d.ddde±xx", put into Java's form.
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  const std::string_view exponent_text = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  if (exponent < -3 || exponent >= 7) {
    return fmt::format("{}{}.{}E{}", sign, digits[0], digits.size() > 1 ? digits.substr(1) : "0", exponent);
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string MomentText(const calendar::Moment& moment, bool zoned) {
  return calendar::FormatIsoDate(moment.days) + "T" + calendar::FormatTime(moment.nanos_of_day) + (zoned ? "Z" : "");
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct HumanText {
  const Type& type;
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int32_t value) const {
    return type.id() == TypeId::kDate ? calendar::FormatDate(value) : std::to_string(value);
  }
  std::string operator()(int64_t value) const {
    switch (type.id()) {
      case TypeId::kTime:
        return calendar::FormatTime(value * calendar::kNanosPerMicro);
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
        return MomentText(calendar::FromMicros(value), type.id() == TypeId::kTimestampTz);
      case TypeId::kTimestampNs:
      case TypeId::kTimestampTzNs:
        return MomentText(calendar::FromNanos(value), type.id() == TypeId::kTimestampTzNs);
      default:
        return std::to_string(value);
    }
  }
  std::string operator()(float value) const { return FloatingText(value); }
  std::string operator()(double value) const { return FloatingText(value); }
  std::string operator()(const Decimal128& value) const { return DecimalToText(value, type.scale()); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const UuidBytes& value) const { return UuidText(value); }
  std::string operator()(const Bytes& value) const { return Base64(value.value); }
};

}  // namespace

std::string FloatingText(double value) { return JavaFloating(value); }
std::string FloatingText(float value) { return JavaFloating(value); }

std::string UuidText(const UuidBytes& uuid) {
  std::string text;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid.bytes[i]);
  }
  return text;
}

std::optional<UuidBytes> ParseUuid(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  std::string digits(text);
  std::erase(digits, '-');
  const auto bytes = ParseHex(digits);
  if (!bytes.has_value() || bytes->size() != 16) return std::nullopt;
  UuidBytes uuid;
  std::ranges::copy(*bytes, uuid.bytes.begin());
  return uuid;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02X}", static_cast<uint8_t>(byte));
  return text;
}

std::optional<std::string> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]), low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string ToHumanString(const Type& type, const Literal& value) { return std::visit(HumanText{type}, value); }

}  // namespace k2i::iceberg
