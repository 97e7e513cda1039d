// SPDX-License-Identifier: Apache-2.0
//
// From the three sources to one value a key: names are brought to their documented form, unknown ones are reported,
// flags beat the environment and it beats the file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/key_table.h"

namespace k2i::config {

struct Given {
  const Key<Config>* key = nullptr;
  Node node;
};
/// By the documented path, "kafka.group_id".
using GivenKeys = std::map<std::string, Given>;

void ResolveFile(const Node& root, GivenKeys& given, Problems& problems);
void ResolveEnvironment(const Environment& environment, GivenKeys& given, Problems& problems);
void ResolveFlags(const std::vector<std::string>& flags, GivenKeys& given, Problems& problems);

}  // namespace k2i::config
