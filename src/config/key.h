// SPDX-License-Identifier: Apache-2.0
//
// What a configuration key is: one entry serves parsing, environment names, suggestions and the documentation.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "config/config.h"
#include "config/enums.h"
#include "config/node.h"

namespace k2i::config {

/// Of integers; both ends belong.
struct Limits {
  int64_t min = 0;
  int64_t max = INT64_MAX;
};

struct KeyInfo {
  std::string section;  // "kafka.security"; "" for the keys of an array's tables
  std::string name;
  std::string type;  // for people: "string", "json | raw"
  std::string doc;
  std::vector<std::string> aliases = {};
  Limits limits = {};
  bool structured = false;  // a table or an array of tables: as bare text it is parsed as TOML
  bool required = false;    // only for the keys of an array's tables
  std::string column = {};  // not empty: a column's name, `true` is this one, `false` none

  std::string path() const { return section.empty() ? name : section + "." + name; }
};

/// What reading a value needs beside the value.
struct ReadContext {
  const Environment& environment;  // for { env = "…" }
  Problems& problems;
};

template <typename Owner>
struct Key {
  KeyInfo info;
  std::function<void(const Node&, const KeyInfo&, ReadContext&, Owner&)> read;
  std::function<std::string(const Owner&)> show;  // the value as it would stand in the file
};

/// The keys of one table of an array: [[iceberg.partition_spec]] and the like. Specialised in key_table.cc.
template <typename Element>
const std::vector<Key<Element>>& ElementKeys();

// Reading: sets `out`, or adds a problem that names the node's origin and the key.
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::string& out);
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, int64_t& out);
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, bool& out);
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, Secret& out);
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::vector<std::string>& out);
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::map<std::string, std::string>& out);
/// Index of the word in `known`; SIZE_MAX after a problem.
size_t ReadWord(const Node& node, const KeyInfo& info, ReadContext& context, const std::vector<std::string_view>& known,
                std::span<const std::string_view> promised);

template <typename E>
requires std::is_enum_v<E>
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, E& out) {
  const Words<E> words = WordsOf<E>();
  std::vector<std::string_view> known;
  for (const auto& word : words.known) known.push_back(word.first);
  const size_t index = ReadWord(node, info, context, known, words.promised);
  if (index < known.size()) out = words.known[index].second;
}

/// Reads the members of `table` by `keys`; `path` names the table in problems.
template <typename Owner>
void ReadElement(const Node& node, const std::string& path, const std::vector<Key<Owner>>& keys, ReadContext& context,
                 Owner& out);
/// "unknown key 'path.name'; did you mean '…'?"
std::string UnknownKey(const std::string& path, const std::string& name, const std::vector<std::string>& candidates);

template <typename Element>
void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::vector<Element>& out) {
  if (node.list() == nullptr) {
    context.problems.Add(node.origin,
                         "'" + info.path() + "' takes " + info.type + ", not " + std::string(node.type_name()));
    return;
  }
  out.clear();
  for (const Node& element : *node.list()) {
    ReadElement(element, info.path(), ElementKeys<Element>(), context, out.emplace_back());
  }
}

template <typename Owner>
void ReadElement(const Node& node, const std::string& path, const std::vector<Key<Owner>>& keys, ReadContext& context,
                 Owner& out) {
  if (node.table() == nullptr) {
    context.problems.Add(node.origin, "'" + path + "' takes tables, not " + std::string(node.type_name()));
    return;
  }
  std::vector<std::string> names;
  for (const Key<Owner>& key : keys) {
    names.push_back(key.info.name);
    const Node* value = Find(*node.table(), key.info.name);
    if (value != nullptr) key.read(*value, key.info, context, out);
    if (value == nullptr && key.info.required) {
      context.problems.Add(node.origin, "'" + path + "' needs '" + key.info.name + "'");
    }
  }
  for (const Member& member : *node.table()) {
    if (std::ranges::find(names, member.name) == names.end()) {
      context.problems.Add(member.node.origin, UnknownKey(path, member.name, names));
    }
  }
}

// Showing: the value as TOML.
std::string ShowValue(const std::string& value);
std::string ShowValue(const std::vector<std::string>& value);
inline std::string ShowValue(bool value) { return value ? "true" : "false"; }
inline std::string ShowValue(int64_t value) { return std::to_string(value); }
inline std::string ShowValue(const Secret& value) { return ShowValue(value.ToString()); }
inline std::string ShowValue(const std::map<std::string, std::string>&) { return ""; }
template <typename Element>
std::string ShowValue(const std::vector<Element>&) {
  return "";
}
template <typename E>
requires std::is_enum_v<E> std::string ShowValue(E value) { return ShowValue(std::string(WordFor(value))); }

/// How the documentation and messages call the type of a value.
template <typename T>
std::string TypeText(const Limits& limits) {
  if constexpr (std::same_as<T, std::string>) {
    return "a string";
  } else if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::same_as<T, int64_t>) {
    return limits.max == INT64_MAX
               ? "an integer from " + std::to_string(limits.min)
               : "an integer from " + std::to_string(limits.min) + " to " + std::to_string(limits.max);
  } else if constexpr (std::same_as<T, Secret>) {
    return "a secret: a string, { file = \"…\" } or { env = \"…\" }";
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {
    return "a string or an array of strings";
  } else if constexpr (std::same_as<T, std::map<std::string, std::string>>) {
    return "a table of strings";
  } else if constexpr (std::is_enum_v<T>) {
    std::string all;
    for (const auto& word : WordsOf<T>().known) all += (all.empty() ? "" : ", ") + std::string(word.first);
    return "one of " + all;
  } else {
    return "an array of tables";
  }
}

/// Makes keys of one section. `access` maps an Owner& to the member.
template <typename Owner>
class SectionBuilder {
 public:
  SectionBuilder(std::vector<Key<Owner>>& keys, std::string section) : keys_(keys), section_(std::move(section)) {}

  template <typename Access>
  SectionBuilder& Add(std::string name, Access access, std::string doc, Limits limits = {}) {
    using T = std::remove_cvref_t<std::invoke_result_t<Access, Owner&>>;
    constexpr bool kStructured = TypeIsStructured<T>();
    keys_.push_back({{.section = section_,
                      .name = std::move(name),
                      .type = TypeText<T>(limits),
                      .doc = std::move(doc),
                      .limits = limits,
                      .structured = kStructured},
                     [access](const Node& node, const KeyInfo& info, ReadContext& context, Owner& owner) {
                       ReadValue(node, info, context, access(owner));
                     },
                     [access](const Owner& owner) { return ShowValue(access(owner)); }});
    return *this;
  }
  // These change the key added last.
  SectionBuilder& Alias(std::string name) {
    keys_.back().info.aliases.push_back(std::move(name));
    return *this;
  }
  SectionBuilder& Required() {
    keys_.back().info.required = true;
    return *this;
  }
  SectionBuilder& Column(std::string name_if_true) {
    keys_.back().info.column = std::move(name_if_true);
    keys_.back().info.type = "a column's name, true or false";
    return *this;
  }

 private:
  template <typename T>
  static constexpr bool TypeIsStructured() {
    return !std::same_as<T, std::string> && !std::same_as<T, bool> && !std::same_as<T, int64_t> &&
           !std::same_as<T, Secret> && !std::same_as<T, std::vector<std::string>> && !std::is_enum_v<T>;
  }

  std::vector<Key<Owner>>& keys_;
  std::string section_;
};

}  // namespace k2i::config
