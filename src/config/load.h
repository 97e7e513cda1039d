// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/config.h"

namespace k2i::config {

/// The environment of this process.
Environment ProcessEnvironment();

/// Parses `text`; `name` stands for it in messages. Variables K2I_<SECTION>_<KEY> of `environment` beat the text,
/// `flags` ("section.key=value") beat both. InvalidConfig (Component::kConfig) holds every problem found, one a line:
/// "k2i.toml:7: unknown key 'buffer.max_sise_mb'; did you mean 'max_size_mb'?"
Result<Config> ParseConfig(std::string_view text, std::string_view name, const Environment& environment = {},
                           const std::vector<std::string>& flags = {});

/// ParseConfig of a file. An empty path: defaults, environment and flags alone.
Result<Config> LoadConfig(const std::string& path, const Environment& environment,
                          const std::vector<std::string>& flags = {});

/// docs/configuration.md, from the table of keys.
std::string ReferenceMarkdown();

}  // namespace k2i::config
