// SPDX-License-Identifier: Apache-2.0
// Reading one value of each type, from TOML or from bare text.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/ascii.h"
#include "base/suggest.h"
#include "config/key.h"

namespace k2i::config {
namespace {

constexpr std::string_view kNotYet = " is not supported yet by this version";

void AddWrongType(const Node& node, const KeyInfo& info, ReadContext& context) {
  const std::string got = node.is_text ? "'" + *node.text() + "'" : std::string(node.type_name());
  context.problems.Add(node.origin, "'" + info.path() + "' takes " + info.type + ", not " + got);
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const auto begin = part.find_first_not_of(' ');
    if (begin == std::string::npos) continue;
    parts.push_back(part.substr(begin, part.find_last_not_of(' ') - begin + 1));
  }
  return parts;
}

/// The node as a boolean, if it is one.
const bool* AsBoolean(const Node& node) {
  static constexpr bool kTrue = true, kFalse = false;
  if (const bool* value = std::get_if<bool>(&node.value)) return value;
  if (node.is_text && *node.text() == "true") return &kTrue;
  if (node.is_text && *node.text() == "false") return &kFalse;
  return nullptr;
}

/// A scalar of a table of strings: 5 and true are written without quotes by people.
bool ScalarText(const Node& node, std::string& out) {
  if (node.text() != nullptr) {
    out = *node.text();
  } else if (const auto* integer = std::get_if<int64_t>(&node.value)) {
    out = std::to_string(*integer);
  } else if (const auto* boolean = std::get_if<bool>(&node.value)) {
    out = *boolean ? "true" : "false";
  } else if (const auto* number = std::get_if<double>(&node.value)) {
    std::ostringstream text;
    text << *number;
    out = text.str();
  } else {
    return false;
  }
  return true;
}

/// TOML reads fetch.min.bytes = 1 as nested tables; the names are joined again.
void Flatten(const NodeTable& table, const std::string& prefix, const KeyInfo& info, ReadContext& context,
             std::map<std::string, std::string>& out) {
  for (const Member& member : table) {
    const std::string name = prefix + member.name;
    std::string text;
    if (member.node.table() != nullptr) {
      Flatten(*member.node.table(), name + ".", info, context, out);
    } else if (!ScalarText(member.node, text)) {
      context.problems.Add(member.node.origin,
                           "'" + info.path() + "." + name + "' takes a string, a number, true or false");
    } else {
      out[name] = std::move(text);
    }
  }
}

void ReadSecretReference(const Member& reference, const KeyInfo& info, ReadContext& context, Secret& out) {
  const auto fail = [&](const std::string& text) {
    context.problems.Add(reference.node.origin, "'" + info.path() + "': " + text);
  };
  if (reference.name == "vault" || reference.name == "aws_secret") {
    return fail("a secret by '" + reference.name + "'" + std::string(kNotYet));
  }
  if (reference.name != "file" && reference.name != "env") {
    return fail(UnknownKey("", reference.name, {"file", "env"}));
  }
  if (reference.node.text() == nullptr) return fail("'" + reference.name + "' takes a string");
  const std::string& target = *reference.node.text();
  if (reference.name == "env") {
    const auto found = context.environment.find(target);
    if (found == context.environment.end()) return fail("the environment variable " + target + " is not set");
    out = Secret(found->second);
    return;
  }
  std::ifstream file(target, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return fail("the file " + target + " cannot be read or is empty");
  std::string text = content.str();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  out = Secret(std::move(text));
}

}  // namespace

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::string& out) {
  if (const bool* boolean = info.column.empty() ? nullptr : AsBoolean(node)) {
    out = *boolean ? info.column : "";
  } else if (node.text() != nullptr) {
    out = *node.text();
  } else {
    AddWrongType(node, info, context);
  }
}

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, int64_t& out) {
  int64_t value = 0;
  if (const auto* integer = std::get_if<int64_t>(&node.value)) {
    value = *integer;
  } else if (const std::string* text = node.is_text ? node.text() : nullptr) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return AddWrongType(node, info, context);
  } else {
    return AddWrongType(node, info, context);
  }
  if (value < info.limits.min || value > info.limits.max) {
    context.problems.Add(node.origin, "'" + info.path() + "' takes " + info.type + ", not " + std::to_string(value));
    return;
  }
  out = value;
}

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, bool& out) {
  const bool* value = AsBoolean(node);
  if (value == nullptr) return AddWrongType(node, info, context);
  out = *value;
}

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, Secret& out) {
  if (node.text() != nullptr) {
    out = Secret(*node.text());
  } else if (node.table() != nullptr && node.table()->size() == 1) {
    ReadSecretReference(node.table()->front(), info, context, out);
  } else {
    AddWrongType(node, info, context);
  }
}

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::vector<std::string>& out) {
  std::vector<std::string> values;
  if (node.text() != nullptr) {
    values = SplitAtCommas(*node.text());
  } else if (node.list() != nullptr) {
    for (const Node& element : *node.list()) {
      if (element.text() == nullptr) return AddWrongType(node, info, context);
      values.push_back(*element.text());
    }
  } else {
    return AddWrongType(node, info, context);
  }
  out = std::move(values);
}

void ReadValue(const Node& node, const KeyInfo& info, ReadContext& context, std::map<std::string, std::string>& out) {
  if (node.table() == nullptr) return AddWrongType(node, info, context);
  out.clear();
  Flatten(*node.table(), "", info, context, out);
}

size_t ReadWord(const Node& node, const KeyInfo& info, ReadContext& context, const std::vector<std::string_view>& known,
                std::span<const std::string_view> promised) {
  if (node.text() == nullptr) {
    AddWrongType(node, info, context);
    return SIZE_MAX;
  }
  const std::string word = LowerAscii(*node.text());
  std::vector<std::string> candidates;
  for (size_t i = 0; i < known.size(); ++i) {
    if (LowerAscii(known[i]) == word) return i;
    candidates.emplace_back(known[i]);
  }
  std::string text = "'" + info.path() + "' takes " + info.type + ", not '" + *node.text() + "'";
  if (std::ranges::any_of(promised, [&](std::string_view p) { return LowerAscii(p) == word; })) {
    text = "'" + info.path() + "': '" + *node.text() + "'" + std::string(kNotYet) + "; it takes " + info.type;
  } else if (const std::string nearest = Nearest(*node.text(), candidates); !nearest.empty()) {
    text += "; did you mean '" + nearest + "'?";
  }
  context.problems.Add(node.origin, text);
  return SIZE_MAX;
}

std::string UnknownKey(const std::string& path, const std::string& name, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(name, candidates);
  return "unknown key '" + (path.empty() ? name : path + "." + name) + "'" +
         (nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
}

std::string ShowValue(const std::string& value) { return "\"" + value + "\""; }

std::string ShowValue(const std::vector<std::string>& value) {
  std::string all;
  for (const std::string& one : value) all += (all.empty() ? "" : ", ") + ShowValue(one);
  return "[" + all + "]";
}

}  // namespace k2i::config
