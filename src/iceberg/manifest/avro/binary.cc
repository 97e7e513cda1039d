// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest/avro/binary.h"

#include <bit>
#include <limits>
#include <utility>

namespace k2i::iceberg::avro {
namespace {

static_assert(std::endian::native == std::endian::little, "Avro's floats are little-endian");

std::unexpected<Error> Malformed(const char* what) {
  return Fail(ErrorCode::kCorruption, std::string("Avro value: ") + what);
}

}  // namespace

Result<int64_t> Decoder::ReadLong() {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Malformed("ends inside a number");
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return Malformed("a number of more than 64 bits");
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
  }
  return Malformed("a number of more than ten bytes");
}

Result<std::string_view> Decoder::ReadExactly(size_t size) {
  if (size > rest_.size()) return Malformed("ends early");
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

Result<std::string_view> Decoder::ReadBytes() {
  K2I_ASSIGN_OR_RETURN(const int64_t size, ReadLong());
  if (size < 0) return Malformed("a negative length");
  return ReadExactly(static_cast<size_t>(size));
}

Status Decoder::ReadValue(const Type& type, Value& out) {
  if (--value_budget_ < 0) return Malformed("more values than its size warrants");
  switch (type.kind) {
    case Kind::kNull:
      return {};
    case Kind::kBoolean:
      return ReadBoolean(out);
    case Kind::kInt:
      return ReadInt(out);
    case Kind::kLong: {
      K2I_ASSIGN_OR_RETURN(out.data, ReadLong());
      return {};
    }
    case Kind::kFloat:
      return ReadFloat<float, uint32_t>(out);
    case Kind::kDouble:
      return ReadFloat<double, uint64_t>(out);
    case Kind::kBytes:
    case Kind::kString: {
      K2I_ASSIGN_OR_RETURN(out.data, ReadBytes());
      return {};
    }
    case Kind::kFixed: {
      K2I_ASSIGN_OR_RETURN(out.data, ReadExactly(static_cast<size_t>(type.size)));
      return {};
    }
    case Kind::kEnum:
      return ReadEnum(type, out);
    case Kind::kRecord:
      return ReadRecord(type, out);
    case Kind::kArray:
    case Kind::kMap:
      return ReadItems(type, out);
    case Kind::kUnion:
      return ReadUnion(type, out);
  }
  return Malformed("of no known type");
}

Status Decoder::ReadInt(Value& out) {
  K2I_ASSIGN_OR_RETURN(const int64_t value, ReadLong());
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return Malformed("an int of more than 32 bits");
  }
  out.data = value;
  return {};
}

template <typename Float, typename Bits>
Status Decoder::ReadFloat(Value& out) {
  K2I_ASSIGN_OR_RETURN(const std::string_view bytes, ReadExactly(sizeof(Bits)));
  Bits bits = 0;
  bytes.copy(reinterpret_cast<char*>(&bits), sizeof(bits));
  out.data = std::bit_cast<Float>(bits);
  return {};
}

Status Decoder::ReadBoolean(Value& out) {
  K2I_ASSIGN_OR_RETURN(const std::string_view byte, ReadExactly(1));
  if (byte[0] != 0 && byte[0] != 1) return Malformed("a boolean that is neither 0 nor 1");
  out.data = byte[0] == 1;
  return {};
}

Status Decoder::ReadEnum(const Type& type, Value& out) {
  K2I_ASSIGN_OR_RETURN(const int64_t symbol, ReadLong());
  if (symbol < 0 || symbol >= type.size) return Malformed("an enum symbol out of range");
  out.data = symbol;
  return {};
}

Status Decoder::ReadUnion(const Type& type, Value& out) {
  K2I_ASSIGN_OR_RETURN(const int64_t branch, ReadLong());
  if (branch < 0 || static_cast<uint64_t>(branch) >= type.parts.size()) return Malformed("a union branch out of range");
  return ReadValue(*type.parts[static_cast<size_t>(branch)], out);
}

Status Decoder::ReadRecord(const Type& type, Value& out) {
  auto& fields = out.data.emplace<Values>();
  fields.reserve(type.fields.size());
  for (const Field& field : type.fields) K2I_RETURN_IF_ERROR(ReadValue(*field.type, fields.emplace_back()));
  return {};
}

Status Decoder::ReadItems(const Type& type, Value& out) {
  auto& items = out.data.emplace<Values>();
  while (true) {
    K2I_ASSIGN_OR_RETURN(int64_t count, ReadLong());
    if (count == 0) return {};
    if (count < 0) {  // the block's size in bytes follows; we do not skip, so only its sign matters
      K2I_ASSIGN_OR_RETURN(const int64_t size, ReadLong());
      if (size < 0 || count == std::numeric_limits<int64_t>::min()) return Malformed("a negative block size");
      count = -count;
    }
    // Items of no bytes (null, an empty record) do not occur in arrays that anybody needs.
    if (static_cast<uint64_t>(count) > rest_.size()) return Malformed("more items than bytes");
    for (; count > 0; --count) {
      Value& item = items.emplace_back();
      K2I_RETURN_IF_ERROR(type.kind == Kind::kMap ? ReadPair(type, item) : ReadValue(*type.parts[0], item));
    }
  }
}

Status Decoder::ReadPair(const Type& type, Value& out) {
  auto& pair = out.data.emplace<Values>(2);
  K2I_ASSIGN_OR_RETURN(pair[0].data, ReadBytes());
  return ReadValue(*type.parts[0], pair[1]);
}

}  // namespace k2i::iceberg::avro
