// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace k2i::config {

/// Every key of the configuration, in the order of the documentation.
const std::vector<Key<Config>>& Keys();

/// One line about a section for the documentation, and the spelling that is accepted beside it ("" for none).
struct SectionInfo {
  std::string_view name;
  std::string_view alias;
  std::string_view doc;
};
const std::vector<SectionInfo>& Sections();

/// Keys and sections that interface.md promises and this version does not have: "buffer.key", "iceberg.glue".
const std::vector<std::string_view>& PromisedPaths();

/// "iceberg.object_store" → "storage"; a path that is no alias stays.
std::string CanonicalSection(const std::string& path);

/// The key of that section by name or alias, or nullptr.
const Key<Config>* FindKey(std::string_view section, std::string_view name);

/// Every environment variable that sets the key: K2I_KAFKA_GROUP_ID, K2I_KAFKA_CONSUMER_GROUP.
std::vector<std::string> EnvironmentNames(const KeyInfo& info);

}  // namespace k2i::config
