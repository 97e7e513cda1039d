// SPDX-License-Identifier: Apache-2.0
#include "datafile/bounds.h"

#include <cstdint>
#include <vector>

namespace k2i::datafile {
namespace {

using iceberg::Bytes;
using iceberg::Literal;

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr char32_t kBeforeSurrogates = 0xD7FF;
constexpr char32_t kAfterSurrogates = 0xE000;

/// Length in bytes of the code point that starts with `lead`; 0 when none can.
size_t SequenceLength(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

/// The code point at `text[at]`, moving `at` past it; nullopt for malformed bytes.
std::optional<char32_t> NextCodePoint(std::string_view text, size_t& at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t length = SequenceLength(lead);
  if (length == 0 || at + length > text.size()) return std::nullopt;
  char32_t code_point = length == 1 ? lead : lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<uint8_t>(text[at + i]);
    if ((byte & 0xC0) != 0x80) return std::nullopt;
    code_point = (code_point << 6) | (byte & 0x3F);
  }
  at += length;
  return code_point;
}

void AppendUtf8(char32_t c, std::string& out) {
  const auto byte = [&out](char32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
}

struct Prefix {
  std::vector<char32_t> code_points;
  size_t bytes = 0;
};

std::optional<Prefix> PrefixOf(std::string_view text, size_t length) {
  Prefix prefix;
  while (prefix.bytes < text.size() && prefix.code_points.size() < length) {
    const auto code_point = NextCodePoint(text, prefix.bytes);
    if (!code_point) return std::nullopt;
    prefix.code_points.push_back(*code_point);
  }
  return prefix;
}

std::optional<Literal> RaisedText(std::string_view text, size_t length) {
  auto prefix = PrefixOf(text, length);
  if (!prefix) return std::nullopt;
  if (prefix->bytes == text.size()) return std::string(text);
  auto& points = prefix->code_points;
  while (!points.empty() && points.back() >= kLastCodePoint) points.pop_back();
  if (points.empty()) return std::nullopt;
  points.back() = points.back() == kBeforeSurrogates ? kAfterSurrogates : points.back() + 1;
  std::string raised;
  for (char32_t c : points) AppendUtf8(c, raised);
  return raised;
}

std::optional<Literal> RaisedBytes(std::string_view bytes, size_t length) {
  if (bytes.size() <= length) return Bytes{std::string(bytes)};
  std::string raised(bytes.substr(0, length));
  while (!raised.empty() && static_cast<uint8_t>(raised.back()) == 0xFF) raised.pop_back();
  if (raised.empty()) return std::nullopt;
  raised.back() = static_cast<char>(static_cast<uint8_t>(raised.back()) + 1);
  return Bytes{std::move(raised)};
}

}  // namespace

void Extremes::Include(const Extremes& other) {
  if (other.empty()) return;
  if (empty() || other.smallest < smallest) smallest = other.smallest;
  if (is_null(largest) || largest < other.largest) largest = other.largest;
}

std::optional<Literal> LowerBound(const Literal& value, std::optional<size_t> length) {
  if (!length) return value;
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto prefix = PrefixOf(*text, *length);
    if (!prefix) return std::nullopt;
    return text->substr(0, prefix->bytes);
  }
  if (const auto* bytes = std::get_if<Bytes>(&value)) return Bytes{bytes->value.substr(0, *length)};
  return value;
}

std::optional<Literal> UpperBound(const Literal& value, std::optional<size_t> length) {
  if (!length) return value;
  if (const auto* text = std::get_if<std::string>(&value)) return RaisedText(*text, *length);
  if (const auto* bytes = std::get_if<Bytes>(&value)) return RaisedBytes(bytes->value, *length);
  return value;
}

}  // namespace k2i::datafile
