// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace k2i::server::flight {

/// SQL's LIKE: % is any text, _ any one character (of UTF-8), \ takes the next one as it is.
bool MatchesLike(std::string_view text, std::string_view pattern);

}  // namespace k2i::server::flight
