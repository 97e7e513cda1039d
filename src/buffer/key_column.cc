// SPDX-License-Identifier: Apache-2.0
#include "buffer/key_column.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <limits>

#include "record/binary_text.h"

namespace k2i::buffer {
namespace {

/// The finalizer of splitmix64: neighbouring numbers end up far from each other.
uint32_t HashOf(int64_t number) {
  auto mixed = static_cast<uint64_t>(number) + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return static_cast<uint32_t>((mixed ^ (mixed >> 31)) >> 32);
}

uint32_t HashOf(std::string_view bytes) { return static_cast<uint32_t>(std::hash<std::string_view>{}(bytes) >> 32); }

template <typename Array>
void HashAll(const arrow::Array& column, std::vector<uint32_t>& hashes) {
  const auto& array = static_cast<const Array&>(column);
  for (int64_t row = 0; row < array.length(); ++row) hashes[static_cast<size_t>(row)] = HashOf(array.GetView(row));
}

/// Int32Array's GetView gives an int32_t; as a long it would be the same key.
void HashInts(const arrow::Array& column, std::vector<uint32_t>& hashes) {
  const auto& array = static_cast<const arrow::Int32Array&>(column);
  for (int64_t row = 0; row < array.length(); ++row)
    hashes[static_cast<size_t>(row)] = HashOf(int64_t{array.Value(row)});
}

Error NotOfType(const arrow::DataType& type, std::string_view text) {
  return {ErrorCode::kInvalidArgument, fmt::format("key '{}' is no value of type {}", text, type.ToString())};
}

/// The bytes that a fixed or uuid value is asked for by.
Result<std::string> FixedBytes(const arrow::DataType& type, std::string_view text) {
  const auto width = static_cast<size_t>(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
  if (text.size() == width) return std::string(text);
  std::string bytes(16, '\0');
  const std::span<uint8_t, 16> out(reinterpret_cast<uint8_t*>(bytes.data()), 16);
  if (width == 16 && record::ParseUuid(text, out) == nullptr) return bytes;
  return std::unexpected(NotOfType(type, text));
}

}  // namespace

bool CanBeKey(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FIXED_SIZE_BINARY:
      return true;
    default:
      return false;
  }
}

bool HashKeys(const Slice& slice, const std::string& column, std::vector<uint32_t>& hashes,
              std::vector<uint8_t>& valid) {
  if (slice.rows == nullptr) return false;
  const auto keys = slice.rows->GetColumnByName(column);
  if (keys == nullptr) return false;
  hashes.resize(static_cast<size_t>(keys->length()));
  switch (keys->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      HashAll<arrow::BinaryArray>(*keys, hashes);
      break;
    case arrow::Type::INT32:
      HashInts(*keys, hashes);
      break;
    case arrow::Type::INT64:
      HashAll<arrow::Int64Array>(*keys, hashes);
      break;
    case arrow::Type::FIXED_SIZE_BINARY:
      HashAll<arrow::FixedSizeBinaryArray>(*keys, hashes);
      break;
    default:
      return false;
  }
  valid.assign(hashes.size(), 1);
  if (keys->null_count() == 0) return true;
  for (size_t row = 0; row < valid.size(); ++row) valid[row] = keys->IsValid(static_cast<int64_t>(row)) ? 1 : 0;
  return true;
}

Result<KeyProbe> KeyProbe::Make(const arrow::DataType& type, std::string_view text) {
  KeyProbe probe;
  switch (type.id()) {
    case arrow::Type::INT32:
    case arrow::Type::INT64: {
      probe.is_number_ = true;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), probe.number_);
      const bool fits = type.id() == arrow::Type::INT64 || (probe.number_ >= std::numeric_limits<int32_t>::min() &&
                                                            probe.number_ <= std::numeric_limits<int32_t>::max());
      if (error != std::errc{} || end != text.data() + text.size() || !fits) {
        return std::unexpected(NotOfType(type, text));
      }
      return probe;
    }
    case arrow::Type::FIXED_SIZE_BINARY: {
      K2I_ASSIGN_OR_RETURN(probe.bytes_, FixedBytes(type, text));
      return probe;
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      probe.bytes_ = text;
      return probe;
    default:
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("rows cannot be looked up by a column of type {}", type.ToString()));
  }
}

uint32_t KeyProbe::hash() const { return is_number_ ? HashOf(number_) : HashOf(std::string_view(bytes_)); }

bool KeyProbe::Matches(const arrow::Array& column, int64_t row) const {
  if (column.IsNull(row)) return false;
  switch (column.type_id()) {
    case arrow::Type::INT32:
      return is_number_ && static_cast<const arrow::Int32Array&>(column).Value(row) == number_;
    case arrow::Type::INT64:
      return is_number_ && static_cast<const arrow::Int64Array&>(column).Value(row) == number_;
    case arrow::Type::FIXED_SIZE_BINARY:
      return !is_number_ && static_cast<const arrow::FixedSizeBinaryArray&>(column).GetView(row) == bytes_;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return !is_number_ && static_cast<const arrow::BinaryArray&>(column).GetView(row) == bytes_;
    default:
      return false;
  }
}

}  // namespace k2i::buffer
