// SPDX-License-Identifier: Apache-2.0
// Values under transforms (spec: "Partition Transforms" and appendix B for the hashes).
#include <limits>
#include <type_traits>

#include "base/calendar.h"
#include "iceberg/model/decimal.h"
#include "iceberg/model/murmur3.h"
#include "iceberg/model/partition_spec.h"

namespace k2i::iceberg {
namespace {

bool IsNanos(TypeId id) { return id == TypeId::kTimestampNs || id == TypeId::kTimestampTzNs; }

/// Microseconds of any timestamp; nanoseconds are cut downwards, so that both kinds land in one bucket.
int64_t Micros(const Type& source, int64_t value) {
  return IsNanos(source.id()) ? calendar::FloorDiv(value, calendar::kNanosPerMicro) : value;
}

int32_t HashLong(int64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(static_cast<uint64_t>(value) >> shift);
  return Murmur3(bytes);
}

int32_t Hash(const Type& source, const Literal& value) {
  if (const auto* number = std::get_if<int32_t>(&value)) return HashLong(*number);
  if (const auto* number = std::get_if<int64_t>(&value)) return HashLong(Micros(source, *number));
  if (const auto* decimal = std::get_if<Decimal128>(&value)) return Murmur3(DecimalToBytes(*decimal));
  return Murmur3(SerializeLiteral(source, value));
}

/// value - (value mod width), with a remainder that is never negative. Wraps at the lower end, as Java's does.
template <typename T>
T TruncateNumber(T value, int32_t width) {
  __extension__ typedef unsigned __int128 Wide;
  T rest = static_cast<T>(value % width);
  if (rest < 0) rest = static_cast<T>(rest + width);
  return static_cast<T>(static_cast<Wide>(value) - static_cast<Wide>(rest));
}

/// The first `width` code points of UTF-8 text.
std::string TruncateText(const std::string& text, int32_t width) {
  int32_t code_points = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_code_point = (static_cast<uint8_t>(text[i]) & 0xc0) != 0x80;
    if (starts_code_point && ++code_points > width) return text.substr(0, i);
  }
  return text;
}

Literal Truncate(const Literal& value, int32_t width) {
  if (const auto* number = std::get_if<int32_t>(&value)) return TruncateNumber(*number, width);
  if (const auto* number = std::get_if<int64_t>(&value)) return TruncateNumber(*number, width);
  if (const auto* decimal = std::get_if<Decimal128>(&value)) return Decimal128{TruncateNumber(decimal->value, width)};
  if (const auto* text = std::get_if<std::string>(&value)) return TruncateText(*text, width);
  if (const auto* bytes = std::get_if<Bytes>(&value)) return Bytes{bytes->value.substr(0, static_cast<size_t>(width))};
  return value;
}

int64_t DaysOf(const Type& source, const Literal& value) {
  if (const auto* days = std::get_if<int32_t>(&value)) return *days;
  return calendar::FloorDiv(Micros(source, std::get<int64_t>(value)), calendar::kMicrosPerDay);
}

int32_t ApplyDatePart(TransformKind kind, const Type& source, const Literal& value) {
  if (kind == TransformKind::kHour) {
    const int64_t micros = Micros(source, std::get<int64_t>(value));
    return static_cast<int32_t>(calendar::FloorDiv(micros, calendar::kMicrosPerHour));
  }
  const int64_t days = DaysOf(source, value);
  if (kind == TransformKind::kDay) return static_cast<int32_t>(days);
  const calendar::Date date = calendar::FromDays(days);
  const int64_t years = date.year - 1970;
  return static_cast<int32_t>(kind == TransformKind::kYear ? years : years * 12 + date.month - 1);
}

}  // namespace

Literal Transform::Apply(const Type& source, const Literal& value) const {
  if (is_null(value)) return value;
  switch (kind) {
    case TransformKind::kIdentity:
      return value;
    case TransformKind::kBucket:
      return (Hash(source, value) & std::numeric_limits<int32_t>::max()) % parameter;
    case TransformKind::kTruncate:
      return Truncate(value, parameter);
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
      return ApplyDatePart(kind, source, value);
    case TransformKind::kVoid:
      return std::monostate{};
  }
  return std::monostate{};
}

}  // namespace k2i::iceberg
