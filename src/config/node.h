// SPDX-License-Identifier: Apache-2.0
//
// A configuration value before it has a meaning, from whichever source: TOML, the environment or a flag.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace k2i::config {

struct Member;
using NodeList = std::vector<struct Node>;
using NodeTable = std::vector<Member>;
/// A TOML date or time; no key takes one.
struct DateTime {};

struct Node {
  std::variant<std::string, int64_t, double, bool, DateTime, NodeList, NodeTable> value;
  std::string origin;    // where it stands: "k2i.toml:7", "environment variable K2I_LOG_LEVEL"
  bool is_text = false;  // came as bare text: "8080" is the number too

  const std::string* text() const { return std::get_if<std::string>(&value); }
  const NodeTable* table() const { return std::get_if<NodeTable>(&value); }
  const NodeList* list() const { return std::get_if<NodeList>(&value); }
  /// "a string", "an integer", "a table" …
  std::string_view type_name() const;
};

struct Member {
  std::string name;
  Node node;
};

/// The member of that name, or nullptr.
const Node* Find(const NodeTable& table, std::string_view name);

/// Collects what is wrong, so that a user sees everything at once.
class Problems {
 public:
  void Add(std::string_view origin, std::string_view text);
  bool empty() const { return lines_.empty(); }
  /// InvalidConfig with one line a problem, or ok.
  Status ToStatus() const;

 private:
  std::vector<std::string> lines_;
};

/// Parses a TOML document. The root node is a table. InvalidConfig for bad syntax, with line and column.
Result<Node> ParseToml(std::string_view text, std::string_view name);

/// Parses one TOML value ("{ a = 1 }", "[1, 2]"); every node gets `origin`.
Result<Node> ParseTomlValue(std::string_view text, const std::string& origin);

}  // namespace k2i::config
