// SPDX-License-Identifier: Apache-2.0
//
// How a plain struct and an Avro record belong together: one Column for each field, with its id, name and type in the
// file, and how to take it from the struct and put it back. The same table makes the schema, the writer and the reader.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "iceberg/manifest/avro/schema.h"
#include "iceberg/manifest/avro/value.h"

namespace k2i::iceberg::columns {

// ToValue: views into what it is given. Empty maps and lists are written as null, as their columns are optional.
inline avro::Value ToValue(bool value) { return {value}; }
inline avro::Value ToValue(int32_t value) { return {int64_t{value}}; }
inline avro::Value ToValue(int64_t value) { return {value}; }
inline avro::Value ToValue(const std::string& value) { return {std::string_view(value)}; }
template <typename Enum>
requires std::is_enum_v<Enum> avro::Value ToValue(Enum value) { return {static_cast<int64_t>(value)}; }
template <typename T>
avro::Value ToValue(const std::optional<T>& value) {
  return value.has_value() ? ToValue(*value) : avro::Value{};
}
template <typename T>
avro::Value ToValue(const std::vector<T>& items) {
  if (items.empty()) return {};
  avro::Values values;
  for (const T& item : items) values.push_back(ToValue(item));
  return {std::move(values)};
}
template <typename T>
avro::Value ToValue(const std::map<int32_t, T>& map) {
  if (map.empty()) return {};
  avro::Values pairs;
  for (const auto& [key, value] : map) pairs.push_back({avro::Values{ToValue(key), ToValue(value)}});
  return {std::move(pairs)};
}

// FromValue: false when the value is of another type or out of range.
inline bool FromValue(const avro::Value& value, bool& out) {
  const auto* truth = value.As<bool>();
  if (truth != nullptr) out = *truth;
  return truth != nullptr;
}
inline bool FromValue(const avro::Value& value, int64_t& out) {
  const auto* number = value.As<int64_t>();
  if (number != nullptr) out = *number;
  return number != nullptr;
}
inline bool FromValue(const avro::Value& value, int32_t& out) {
  int64_t number = 0;
  if (!FromValue(value, number) || number < std::numeric_limits<int32_t>::min() ||
      number > std::numeric_limits<int32_t>::max()) {
    return false;
  }
  out = static_cast<int32_t>(number);
  return true;
}
inline bool FromValue(const avro::Value& value, std::string& out) {
  const auto* text = value.As<std::string_view>();
  if (text != nullptr) out = *text;
  return text != nullptr;
}
/// kLast is the enum's last value.
template <auto kLast>
bool EnumFromValue(const avro::Value& value, decltype(kLast)& out) {
  int64_t number = 0;
  if (!FromValue(value, number) || number < 0 || number > static_cast<int64_t>(kLast)) return false;
  out = static_cast<decltype(kLast)>(number);
  return true;
}
template <typename T>
bool FromValue(const avro::Value& value, std::optional<T>& out) {
  return FromValue(value, out.emplace());
}
template <typename T>
bool FromValue(const avro::Value& value, std::vector<T>& out) {
  const auto* items = value.As<avro::Values>();
  if (items == nullptr) return false;
  out.reserve(items->size());
  for (const avro::Value& item : *items) {
    if (!FromValue(item, out.emplace_back())) return false;
  }
  return true;
}
template <typename T>
bool FromValue(const avro::Value& value, std::map<int32_t, T>& out) {
  const auto* pairs = value.As<avro::Values>();
  if (pairs == nullptr) return false;
  for (const avro::Value& pair : *pairs) {
    const auto* parts = pair.As<avro::Values>();
    int32_t key = 0;
    if (parts == nullptr || parts->size() != 2 || !FromValue((*parts)[0], key) || !FromValue((*parts)[1], out[key])) {
      return false;
    }
  }
  return true;
}

/// Whether files have the field always, or may lack it or hold null; and what we write.
enum class Presence {
  kRequired,        // every version has it
  kRequiredFromV2,  // v1 files may lack it
  kOptional,
};

template <typename T>
struct Column {
  int32_t id;
  const char* name;
  avro::TypePtr type;
  Presence presence;
  const char* doc;
  avro::Value (*get)(const T&);
  bool (*set)(const avro::Value&, T&);
  int min_version = 1;

  avro::Field AvroField() const {
    return {name, presence == Presence::kOptional ? avro::Optional(type) : type, id, doc};
  }
};

/// get and set of a column that is one member of T.
template <auto kMember, typename T>
avro::Value Get(const T& from) {
  return ToValue(from.*kMember);
}
template <auto kMember, typename T>
bool Set(const avro::Value& value, T& to) {
  return FromValue(value, to.*kMember);
}

/// Reads records of one Avro type into T, column by column, found by field id.
template <typename T>
class RecordReader {
 public:
  /// Corruption when `record` is not a record or lacks a required column. `columns` must outlive the reader.
  static Result<RecordReader> Make(const avro::Type& record, std::span<const Column<T>> columns) {
    if (record.kind != avro::Kind::kRecord)
      return Fail(ErrorCode::kCorruption, "manifest: not a record where one belongs");
    RecordReader reader;
    for (const Column<T>& column : columns) {
      const int index = record.FieldIndex(column.id);
      if (index >= 0) {
        reader.columns_.push_back({static_cast<size_t>(index), &column});
      } else if (column.presence == Presence::kRequired) {
        return Fail(ErrorCode::kCorruption, std::string("manifest: no field ") + column.name);
      }
    }
    return reader;
  }

  /// Columns that are absent or null keep what `out` has. Corruption for a value of a wrong type.
  Status Read(const avro::Value& record, T& out) const {
    const auto* fields = record.As<avro::Values>();
    if (fields == nullptr) return Fail(ErrorCode::kCorruption, "manifest: null where a record belongs");
    for (const auto& [index, column] : columns_) {
      const avro::Value& value = (*fields)[index];
      const bool absent = value.is_null() && column->presence != Presence::kRequired;
      if (!absent && !column->set(value, out)) {
        return Fail(ErrorCode::kCorruption, std::string("manifest: bad value of ") + column->name);
      }
    }
    return {};
  }

 private:
  struct Bound {
    size_t index;
    const Column<T>* column;
  };
  std::vector<Bound> columns_;
};

}  // namespace k2i::iceberg::columns
