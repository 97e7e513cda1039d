// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <limits>

#include "iceberg/manifest/avro/binary.h"

namespace k2i::iceberg::avro {
namespace {

std::unexpected<Error> Misfit(const Type& type, const char* what) {
  return Fail(ErrorCode::kInvalidArgument,
              "Avro value of " + (type.name.empty() ? "a field" : type.name) + ": " + what);
}

template <typename Bits, typename Float>
void AppendFloat(Float value, std::string& out) {
  const auto bits = std::bit_cast<Bits>(value);
  out.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
}

Status AppendNumber(const Type& type, const Value& value, std::string& out) {
  if (const auto* number = value.As<int64_t>();
      number != nullptr && type.kind != Kind::kFloat && type.kind != Kind::kDouble) {
    const bool fits = *number >= std::numeric_limits<int32_t>::min() && *number <= std::numeric_limits<int32_t>::max();
    if (type.kind == Kind::kInt && !fits) return Misfit(type, "an int of more than 32 bits");
    AppendLong(*number, out);
  } else if (const auto* single = value.As<float>(); single != nullptr && type.kind == Kind::kFloat) {
    AppendFloat<uint32_t>(*single, out);
  } else if (const auto* whole = value.As<double>(); whole != nullptr && type.kind == Kind::kDouble) {
    AppendFloat<uint64_t>(*whole, out);
  } else {
    return Misfit(type, "not a number of its type");
  }
  return {};
}

Status AppendText(const Type& type, const Value& value, std::string& out) {
  const auto* bytes = value.As<std::string_view>();
  if (bytes == nullptr) return Misfit(type, "not bytes");
  if (type.kind != Kind::kFixed) {
    AppendBytes(*bytes, out);
    return {};
  }
  if (bytes->size() != static_cast<size_t>(type.size)) return Misfit(type, "bytes of another length than its fixed");
  out += *bytes;
  return {};
}

Status AppendUnion(const Type& type, const Value& value, std::string& out) {
  for (size_t i = 0; i < type.parts.size(); ++i) {
    if ((type.parts[i]->kind == Kind::kNull) != value.is_null()) continue;
    AppendLong(static_cast<int64_t>(i), out);
    return AppendValue(*type.parts[i], value, out);
  }
  return Misfit(type, "no branch for the value");
}

Status AppendRecord(const Type& type, const Value& value, std::string& out) {
  const auto* fields = value.As<Values>();
  if (fields == nullptr || fields->size() != type.fields.size()) return Misfit(type, "not a record of its fields");
  for (size_t i = 0; i < fields->size(); ++i) {
    Status status = AppendValue(*type.fields[i].type, (*fields)[i], out);
    if (!status.has_value()) return std::unexpected<Error>(status.error().With(type.fields[i].name));
  }
  return {};
}

Status AppendItems(const Type& type, const Value& value, std::string& out) {
  const auto* items = value.As<Values>();
  if (items == nullptr) return Misfit(type, "not an array");
  if (!items->empty()) AppendLong(static_cast<int64_t>(items->size()), out);
  for (const Value& item : *items) K2I_RETURN_IF_ERROR(AppendValue(*type.parts[0], item, out));
  AppendLong(0, out);
  return {};
}

}  // namespace

void AppendLong(int64_t value, std::string& out) {
  auto bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
  out += static_cast<char>(bits);
}

void AppendBytes(std::string_view bytes, std::string& out) {
  AppendLong(static_cast<int64_t>(bytes.size()), out);
  out += bytes;
}

Status AppendValue(const Type& type, const Value& value, std::string& out) {
  switch (type.kind) {
    case Kind::kNull:
      return value.is_null() ? Status() : Misfit(type, "not null");
    case Kind::kBoolean: {
      const auto* truth = value.As<bool>();
      if (truth == nullptr) return Misfit(type, "not a boolean");
      out += static_cast<char>(*truth);
      return {};
    }
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kFloat:
    case Kind::kDouble:
      return AppendNumber(type, value, out);
    case Kind::kBytes:
    case Kind::kString:
    case Kind::kFixed:
      return AppendText(type, value, out);
    case Kind::kUnion:
      return AppendUnion(type, value, out);
    case Kind::kRecord:
      return AppendRecord(type, value, out);
    case Kind::kArray:
      return AppendItems(type, value, out);
    case Kind::kEnum:
    case Kind::kMap:
      break;
  }
  return Misfit(type, "enums and maps are not written");
}

}  // namespace k2i::iceberg::avro
