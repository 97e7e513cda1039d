// SPDX-License-Identifier: Apache-2.0
// The only file that knows toml++.
#include <toml++/toml.h>

#include <functional>

#include "config/node.h"

namespace k2i::config {
namespace {

using OriginOf = std::function<std::string(const toml::node&)>;

Node Convert(const toml::node& from, const OriginOf& origin_of) {
  Node node{.origin = origin_of(from)};
  if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.value = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    node.value = number->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.value = boolean->get();
  } else if (const auto* array = from.as_array()) {
    NodeList list;
    for (const toml::node& element : *array) list.push_back(Convert(element, origin_of));
    node.value = std::move(list);
  } else if (const auto* table = from.as_table()) {
    NodeTable members;
    for (const auto& [name, member] : *table) members.push_back({std::string(name.str()), Convert(member, origin_of)});
    node.value = std::move(members);
  } else {
    node.value = DateTime{};
  }
  return node;
}

Result<Node> Parse(std::string_view text, std::string_view name, const OriginOf& origin_of) {
  try {
    const toml::table table = toml::parse(text, name);
    return Convert(table, origin_of);
  } catch (const toml::parse_error& error) {
    const auto position = error.source().begin;
    return Fail(ErrorCode::kInvalidConfig,
                std::string(name) + ":" + std::to_string(position.line) + ":" + std::to_string(position.column) + ": " +
                    std::string(error.description()),
                Component::kConfig);
  }
}

}  // namespace

Result<Node> ParseToml(std::string_view text, std::string_view name) {
  return Parse(text, name, [name](const toml::node& node) {
    return std::string(name) + ":" + std::to_string(node.source().begin.line);
  });
}

Result<Node> ParseTomlValue(std::string_view text, const std::string& origin) {
  auto parsed = Parse("value = " + std::string(text), origin, [&](const toml::node&) { return origin; });
  if (!parsed) return Fail(ErrorCode::kInvalidConfig, "not a TOML value: " + std::string(text), Component::kConfig);
  return *Find(*parsed->table(), "value");
}

}  // namespace k2i::config
