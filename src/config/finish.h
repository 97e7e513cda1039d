// SPDX-License-Identifier: Apache-2.0
//
// What no key can say alone: what is missing, what contradicts, and the defaults that follow from other keys.
#pragma once

#include "config/resolve.h"

namespace k2i::config {

/// Fills derived defaults into `config` and checks it whole. `name` stands for the file where nothing is given.
void Finish(const GivenKeys& given, std::string_view name, Config& config, Problems& problems);

/// "identity", "day", "bucket[16]" …
bool IsTransform(std::string_view text);

}  // namespace k2i::config
