// SPDX-License-Identifier: Apache-2.0
//
// Avro's binary encoding (Avro specification, "Binary Encoding").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "iceberg/manifest/avro/schema.h"
#include "iceberg/manifest/avro/value.h"

namespace k2i::iceberg::avro {

/// Zigzag varint.
void AppendLong(int64_t value, std::string& out);
/// Length and bytes.
void AppendBytes(std::string_view bytes, std::string& out);
/// Appends `value` as `type` says. InvalidArgument when the value does not fit the type: our own bug or an unchecked
/// input.
Status AppendValue(const Type& type, const Value& value, std::string& out);

/// Reads values off the front of `bytes`, which must outlive them. Not thread-safe.
class Decoder {
 public:
  /// `value_budget`: how many values may still be decoded, over all decoders that share it; bounds memory and time,
  /// since some values take no bytes.
  Decoder(std::string_view bytes, int64_t& value_budget) : rest_(bytes), value_budget_(value_budget) {}

  /// All: Corruption when the bytes end early or are malformed.
  Result<int64_t> ReadLong();
  Result<std::string_view> ReadBytes();
  Result<std::string_view> ReadExactly(size_t size);
  /// `out` is a fresh value.
  Status ReadValue(const Type& type, Value& out);

  std::string_view rest() const { return rest_; }

 private:
  Status ReadInt(Value& out);
  template <typename Float, typename Bits>
  Status ReadFloat(Value& out);
  Status ReadBoolean(Value& out);
  Status ReadEnum(const Type& type, Value& out);
  Status ReadUnion(const Type& type, Value& out);
  Status ReadRecord(const Type& type, Value& out);
  Status ReadItems(const Type& type, Value& out);
  Status ReadPair(const Type& type, Value& out);

  std::string_view rest_;
  int64_t& value_budget_;
};

}  // namespace k2i::iceberg::avro
