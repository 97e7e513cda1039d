// SPDX-License-Identifier: Apache-2.0
#include "config/resolve.h"

#include <algorithm>
#include <set>

#include "base/suggest.h"

namespace k2i::config {
namespace {

std::string Join(const std::string& section, const std::string& name) {
  return section.empty() ? name : section + "." + name;
}

bool IsSection(const std::string& path) {
  return std::ranges::any_of(Sections(), [&](const SectionInfo& s) { return s.name == path; });
}

bool IsPromised(const std::string& path) {
  return std::ranges::any_of(PromisedPaths(), [&](std::string_view promised) {
    return path == promised || path.starts_with(std::string(promised) + ".");
  });
}

/// What may stand directly below a section: its keys, their aliases, and its sections.
std::vector<std::string> NamesBelow(const std::string& section) {
  std::vector<std::string> names;
  for (const Key<Config>& key : Keys()) {
    if (key.info.section != section) continue;
    names.push_back(key.info.name);
    names.insert(names.end(), key.info.aliases.begin(), key.info.aliases.end());
  }
  const std::string prefix = section.empty() ? "" : section + ".";
  for (const SectionInfo& info : Sections()) {
    for (const std::string_view path : {info.name, info.alias}) {
      if (path.size() > prefix.size() && path.starts_with(prefix)) {
        names.emplace_back(path.substr(prefix.size(), path.find('.', prefix.size()) - prefix.size()));
      }
    }
  }
  return names;
}

void AddUnknown(const std::string& origin, const std::string& section, const std::string& name, Problems& problems) {
  const std::string path = Join(section, name);
  if (IsPromised(path)) return problems.Add(origin, "'" + path + "' is not supported yet by this version");
  std::string text = UnknownKey(section, name, NamesBelow(section));
  if (!text.ends_with("?")) {
    // Perhaps the right key below the wrong heading.
    for (const Key<Config>& key : Keys()) {
      if (key.info.name != name && std::ranges::find(key.info.aliases, name) == key.info.aliases.end()) continue;
      text += "; did you mean '" + key.info.path() + "'?";
      break;
    }
  }
  problems.Add(origin, text);
}

void Take(const Key<Config>& key, Node node, GivenKeys& given, Problems& problems) {
  const auto [place, fresh] = given.try_emplace(key.info.path(), Given{&key, node});
  if (!fresh) {
    problems.Add(node.origin, "'" + key.info.path() + "' is given already, at " + place->second.node.origin);
  }
}

void Walk(const std::string& section, const NodeTable& table, GivenKeys& given, Problems& problems) {
  for (const Member& member : table) {
    const std::string path = CanonicalSection(Join(section, member.name));
    if (const Key<Config>* key = FindKey(section, member.name)) {
      Take(*key, member.node, given, problems);
    } else if (!IsSection(path)) {
      AddUnknown(member.node.origin, section, member.name, problems);
    } else if (member.node.table() == nullptr) {
      problems.Add(member.node.origin, "'" + path + "' is a section, not " + std::string(member.node.type_name()));
    } else {
      Walk(path, *member.node.table(), given, problems);
    }
  }
}

/// A node from bare text: tables and arrays of tables are parsed as TOML.
bool TextNode(const Key<Config>& key, const std::string& text, const std::string& origin, Node& node,
              Problems& problems) {
  // A secret's reference is as welcome here as in the file.
  const bool is_reference = key.info.type.starts_with("a secret") && text.starts_with("{");
  if (!key.info.structured && !is_reference) {
    node = Node{.value = text, .origin = origin, .is_text = true};
    return true;
  }
  auto parsed = ParseTomlValue(text, origin);
  if (!parsed) {
    // Not the text itself: it may hold a secret.
    problems.Add(origin, "'" + key.info.path() + "' takes " + key.info.type + ", written as a TOML value");
    return false;
  }
  node = *std::move(parsed);
  return true;
}

/// Kubernetes sets variables for every service of the namespace: K2I_SERVER_PORT_8080_TCP=tcp://… where one is named
/// "k2i-server".
bool IsServiceLink(const std::string& name, const std::string& value) {
  return name.find("_SERVICE_HOST") != std::string::npos || name.find("_SERVICE_PORT") != std::string::npos ||
         name.find("_TCP_") != std::string::npos || value.starts_with("tcp://");
}

const std::map<std::string, const Key<Config>*>& KeysByEnvironmentName() {
  static const auto by_name = [] {
    std::map<std::string, const Key<Config>*> all;
    for (const Key<Config>& key : Keys()) {
      for (const std::string& name : EnvironmentNames(key.info)) all.emplace(name, &key);
    }
    return all;
  }();
  return by_name;
}

/// K2I_BUFFER_MAX_SISE_MB is a mistake; K2I_DEPS is somebody else's.
void CheckUnknownVariable(const std::string& name, const std::string& value, Problems& problems) {
  std::vector<std::string> candidates;
  bool ours = false;
  for (const auto& [candidate, key] : KeysByEnvironmentName()) {
    candidates.push_back(candidate);
    ours = ours || name.starts_with(candidate.substr(0, candidate.find('_', 4) + 1));
  }
  if (!ours || IsServiceLink(name, value)) return;
  const std::string nearest = Nearest(name, candidates);
  problems.Add("environment variable " + name,
               "sets no key" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

/// Sets one entry of a table of strings: kafka.options.fetch.min.bytes=1. False when `path` is no such entry.
bool SetEntry(const std::string& path, const std::string& text, const std::string& origin, GivenKeys& given) {
  for (const Key<Config>& key : Keys()) {
    const std::string prefix = key.info.path() + ".";
    if (key.info.type != TypeText<std::map<std::string, std::string>>({}) || !path.starts_with(prefix)) continue;
    Given& entry =
        given.try_emplace(key.info.path(), Given{&key, Node{.value = NodeTable{}, .origin = origin}}).first->second;
    auto* table = std::get_if<NodeTable>(&entry.node.value);
    if (table == nullptr) return true;  // of a wrong type, which is reported anyway
    // Last: it beats what the file says, in either spelling.
    table->push_back({path.substr(prefix.size()), Node{.value = text, .origin = origin}});
    return true;
  }
  return false;
}

}  // namespace

void ResolveFile(const Node& root, GivenKeys& given, Problems& problems) { Walk("", *root.table(), given, problems); }

void ResolveEnvironment(const Environment& environment, GivenKeys& given, Problems& problems) {
  GivenKeys here;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("K2I_")) continue;
    const auto found = KeysByEnvironmentName().find(name);
    if (found == KeysByEnvironmentName().end()) {
      CheckUnknownVariable(name, value, problems);
    } else if (Node node; !IsServiceLink(name, value) &&
                          TextNode(*found->second, value, "environment variable " + name, node, problems)) {
      Take(*found->second, std::move(node), here, problems);
    }
  }
  for (auto& [path, key] : here) given.insert_or_assign(path, std::move(key));
}

void ResolveFlags(const std::vector<std::string>& flags, GivenKeys& given, Problems& problems) {
  for (const std::string& flag : flags) {
    const size_t equals = flag.find('=');
    const std::string path = flag.substr(0, equals);
    const std::string origin = "flag '" + path + "'";
    const size_t dot = path.rfind('.');
    if (equals == std::string::npos || dot == std::string::npos) {
      problems.Add("flag '" + path + "'", "takes the form section.key=value");
      continue;
    }
    const std::string section = CanonicalSection(path.substr(0, dot));
    const std::string name = path.substr(dot + 1);
    const Key<Config>* key = FindKey(section, name);
    if (Node node; key != nullptr && TextNode(*key, flag.substr(equals + 1), origin, node, problems)) {
      given.insert_or_assign(key->info.path(), Given{key, std::move(node)});
    } else if (key == nullptr && !SetEntry(path, flag.substr(equals + 1), origin, given)) {
      AddUnknown(origin, section, name, problems);
    }
  }
}

}  // namespace k2i::config
