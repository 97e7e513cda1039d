// SPDX-License-Identifier: Apache-2.0
//
// Members of the syntax tree that DuckDB's json_serialize_sql gives, for those who walk it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace k2i::query {

/// "" where there is no such member or it is no text.
inline std::string Text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// Null where there is no such member.
inline const nlohmann::json& Member(const nlohmann::json& object, const char* key) {
  static const nlohmann::json kNothing;
  const auto it = object.find(key);
  return it != object.end() ? *it : kNothing;
}

}  // namespace k2i::query
