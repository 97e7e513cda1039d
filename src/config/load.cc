// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/finish.h"
#include "config/load.h"

namespace k2i::config {

Environment ProcessEnvironment() {
  Environment all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const size_t equals = line.find('=');
    if (equals != std::string_view::npos) all.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return all;
}

Result<Config> ParseConfig(std::string_view text, std::string_view name, const Environment& environment,
                           const std::vector<std::string>& flags) {
  K2I_ASSIGN_OR_RETURN(const Node root, ParseToml(text, name));
  Problems problems;
  GivenKeys given;
  ResolveFile(root, given, problems);
  ResolveEnvironment(environment, given, problems);
  ResolveFlags(flags, given, problems);
  Config config;
  ReadContext context{environment, problems};
  for (const auto& [path, entry] : given) entry.key->read(entry.node, entry.key->info, context, config);
  Finish(given, name, config, problems);
  K2I_RETURN_IF_ERROR(problems.ToStatus());
  return config;
}

Result<Config> LoadConfig(const std::string& path, const Environment& environment,
                          const std::vector<std::string>& flags) {
  if (path.empty()) return ParseConfig("", "configuration", environment, flags);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || (file.peek() != EOF && !(text << file.rdbuf()))) {
    return Fail(ErrorCode::kInvalidConfig, path + ": cannot be read: " + std::strerror(errno), Component::kConfig);
  }
  return ParseConfig(text.str(), path, environment, flags);
}

}  // namespace k2i::config
