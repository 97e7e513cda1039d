// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace k2i::iceberg::avro {

struct Value;
using Values = std::vector<Value>;

/// One value, whatever its schema says: null monostate; boolean bool; int, long and enum int64_t; float; double; bytes,
/// string and fixed a view into memory of somebody else's; record its fields in order; array its items; map {key,
/// value} pairs, so that it reads like Iceberg's array of key-value records. A union is the value of its branch.
struct Value {
  std::variant<std::monostate, bool, int64_t, float, double, std::string_view, Values> data;

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  /// The value as T, or nullptr.
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data);
  }
  friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace k2i::iceberg::avro
