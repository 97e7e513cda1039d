// SPDX-License-Identifier: Apache-2.0
#include "config/node.h"

#include <array>

namespace k2i::config {

std::string_view Node::type_name() const {
  static constexpr std::array<std::string_view, 7> kNames = {"a string",         "an integer", "a float", "a boolean",
                                                             "a date or a time", "an array",   "a table"};
  static_assert(kNames.size() == std::variant_size_v<decltype(value)>);
  return kNames[value.index()];
}

const Node* Find(const NodeTable& table, std::string_view name) {
  for (const Member& member : table) {
    if (member.name == name) return &member.node;
  }
  return nullptr;
}

void Problems::Add(std::string_view origin, std::string_view text) {
  lines_.push_back(std::string(origin) + ": " + std::string(text));
}

Status Problems::ToStatus() const {
  if (lines_.empty()) return {};
  std::string all;
  for (const std::string& line : lines_) all += (all.empty() ? "" : "\n") + line;
  return Fail(ErrorCode::kInvalidConfig, std::move(all), Component::kConfig);
}

}  // namespace k2i::config
