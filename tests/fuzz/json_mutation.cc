// SPDX-License-Identifier: Apache-2.0
#include "fuzz/json_mutation.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/fuzz_target.h"

namespace k2i::fuzz {
namespace {

using nlohmann::json;

constexpr size_t kDeep = 200;  // what this file itself can walk and write without using up the stack
constexpr const char* kNestHere = "\x1bnest";

size_t DepthOf(std::string_view text) {
  size_t depth = 0, deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest;
}

void Collect(json& node, std::vector<json*>& into) {
  into.push_back(&node);
  if (!node.is_structured()) return;
  for (auto& child : node) Collect(child, into);
}

class Mutation {
 public:
  Mutation(json& root, std::minstd_rand& random) : random_(random) { Collect(root, nodes_); }

  void Apply() {
    json& node = Any();
    switch (Below(8)) {
      case 0:
        return Drop(node);
      case 1:
        return Grow(node);
      case 2:
        return Rename(node);
      case 3: {
        json copy = Any();
        node = std::move(copy);
        return;
      }
      case 4:
        if (Below(16) == 0) node = kNestHere;
        return;
      default:
        return Change(node);
    }
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  json& Any() { return *nodes_[Below(nodes_.size())]; }
  template <typename Container>
  auto AnyOf(Container& container) {
    return std::next(container.begin(), static_cast<std::ptrdiff_t>(Below(container.size())));
  }

  void Drop(json& node) {
    if (node.is_structured() && !node.empty()) node.erase(AnyOf(node));
  }
  void Grow(json& node) {
    json copy = Any();
    if (node.is_array()) node.insert(node.end(), std::move(copy));
    if (node.is_object() && !node.empty()) node[Mutated(AnyOf(node).key(), 40)] = std::move(copy);
  }
  void Rename(json& node) {
    const json& other = Any();
    if (!node.is_object() || node.empty() || !other.is_object() || other.empty()) return;
    const std::string name = AnyOf(other).key();  // before anything goes: `other` may lie in what is renamed
    const auto member = AnyOf(node);
    json value = std::move(member.value());
    node.erase(member);
    node[name] = std::move(value);
  }
  void Change(json& node) {
    if (node.is_string() && Below(4) != 0) {
      const auto text = node.get<std::string>();
      node = Mutated(text, text.size() + 16);
    } else if (node.is_number_integer() && Below(2) != 0) {
      node = static_cast<int64_t>(node.get<uint64_t>() + Below(5) - 2);
    } else if (!node.is_structured() || Below(8) == 0) {
      node = Awkward();
    }
  }
  json Awkward() {
    using Limits = std::numeric_limits<int64_t>;
    static const std::vector<json> kValues = {nullptr,
                                              true,
                                              false,
                                              0,
                                              -1,
                                              1,
                                              2147483648LL,
                                              -2147483649LL,
                                              Limits::max(),
                                              1e300,
                                              -0.0,
                                              1.5,
                                              -1e-320,
                                              Limits::min(),
                                              "",
                                              "1",
                                              "-0.10",
                                              "2024-02-30",
                                              "99999-01-01",
                                              "0001-01-01T00:00:00",
                                              "9999-12-31T23:59:59.999999999+00:00",
                                              "\xf0\x9f\x8d\x80",
                                              "0001FF",
                                              std::numeric_limits<uint64_t>::max(),
                                              json::array(),
                                              json::object()};
    return kValues[Below(kValues.size())];
  }

  std::minstd_rand& random_;
  std::vector<json*> nodes_;
};

/// Puts the nesting where the mutation has asked for it; a tree of that depth could not be written.
std::string WithNesting(std::string text, std::minstd_rand& random) {
  const std::string marker = json(kNestHere).dump();
  const size_t at = text.find(marker);
  if (at == std::string::npos) return text;
  const size_t levels = size_t{1} << (random() % 14);
  const bool objects = random() % 2 == 0;
  std::string open, close;
  for (size_t i = 0; i < levels; ++i) {
    open += objects ? "{\"a\":" : "[";
    close += objects ? "}" : "]";
  }
  return text.replace(at, marker.size(), open + "0" + close);
}

}  // namespace

std::string MutateJson(std::string_view text, size_t max_size, std::minstd_rand& random) {
  json root = DepthOf(text) > kDeep ? json(json::value_t::discarded) : json::parse(text, nullptr, false);
  if (root.is_discarded() || random() % 8 == 0) return Mutated(std::string(text), max_size);
  for (size_t changes = 1 + random() % 3; changes > 0; --changes) Mutation(root, random).Apply();
  return WithNesting(root.dump(-1, ' ', false, json::error_handler_t::replace), random);
}

}  // namespace k2i::fuzz
