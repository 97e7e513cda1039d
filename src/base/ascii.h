// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace k2i {

/// With the letters A to Z as a to z; every other byte stays.
std::string LowerAscii(std::string_view text);
/// Whether they differ in the case of such letters at most.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace k2i
