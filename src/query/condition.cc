// SPDX-License-Identifier: Apache-2.0
#include "query/condition.h"

#include <nlohmann/json.hpp>

namespace k2i::query {

Condition ReadCondition(const nlohmann::json&, const MentionNames&) { return {}; }

std::string LowerName(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace k2i::query
