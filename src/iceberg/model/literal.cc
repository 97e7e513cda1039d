// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "iceberg/model/decimal.h"
#include "iceberg/model/type.h"

namespace k2i::iceberg {
namespace {

template <typename T>
std::string ToLittleEndian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(bytes);
  return bytes;
}

template <typename T>
std::optional<T> FromLittleEndian(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  std::string copy(bytes);
  if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(copy);
  T value;
  std::memcpy(&value, copy.data(), sizeof(T));
  return value;
}

/// Reads a Wide, or a Narrow written before its column was promoted to Wide.
template <typename Wide, typename Narrow>
std::optional<Literal> FromPromoted(std::string_view bytes) {
  if (const auto narrow = FromLittleEndian<Narrow>(bytes)) return Literal(static_cast<Wide>(*narrow));
  if (const auto wide = FromLittleEndian<Wide>(bytes)) return Literal(*wide);
  return std::nullopt;
}

template <typename T>
std::optional<Literal> FromExact(std::string_view bytes) {
  if (const auto value = FromLittleEndian<T>(bytes)) return Literal(*value);
  return std::nullopt;
}

std::optional<Literal> UuidFrom(std::string_view bytes) {
  UuidBytes uuid;
  if (bytes.size() != uuid.bytes.size()) return std::nullopt;
  std::memcpy(uuid.bytes.data(), bytes.data(), bytes.size());
  return uuid;
}

std::optional<Literal> Decode(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return bytes.size() == 1 ? std::optional<Literal>(bytes[0] != '\0') : std::nullopt;
    case TypeId::kInt:
    case TypeId::kDate:
      return FromExact<int32_t>(bytes);
    case TypeId::kLong:
      return FromPromoted<int64_t, int32_t>(bytes);
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestampTzNs:
      return FromExact<int64_t>(bytes);
    case TypeId::kFloat:
      return FromExact<float>(bytes);
    case TypeId::kDouble:
      return FromPromoted<double, float>(bytes);
    case TypeId::kDecimal:
      if (const auto decimal = DecimalFromBytes(bytes)) return *decimal;
      return std::nullopt;
    case TypeId::kString:
      return std::string(bytes);
    case TypeId::kUuid:
      return UuidFrom(bytes);
    case TypeId::kFixed:
      if (bytes.size() != static_cast<size_t>(type.length())) return std::nullopt;
      return Bytes{std::string(bytes)};
    case TypeId::kBinary:
      return Bytes{std::string(bytes)};
    default:
      return std::nullopt;
  }
}

struct Serializer {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return std::string(1, value ? '\1' : '\0'); }
  std::string operator()(int32_t value) const { return ToLittleEndian(value); }
  std::string operator()(int64_t value) const { return ToLittleEndian(value); }
  std::string operator()(float value) const { return ToLittleEndian(value); }
  std::string operator()(double value) const { return ToLittleEndian(value); }
  std::string operator()(const Decimal128& value) const { return DecimalToBytes(value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const UuidBytes& value) const { return std::string(value.bytes.begin(), value.bytes.end()); }
  std::string operator()(const Bytes& value) const { return value.value; }
};

}  // namespace

std::string SerializeLiteral(const Type&, const Literal& value) { return std::visit(Serializer{}, value); }

Result<Literal> DeserializeLiteral(const Type& type, std::string_view bytes) {
  auto literal = Decode(type, bytes);
  if (!literal.has_value()) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("a single value of type {} cannot have {} bytes", type.ToString(), bytes.size()));
  }
  return *std::move(literal);
}

}  // namespace k2i::iceberg
