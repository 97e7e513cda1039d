// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http_message.h"

namespace k2i::server {

/// %XX as bytes, and with `form` '+' as a space; nullopt for a '%' without two hexadecimal digits.
std::optional<std::string> PercentDecode(std::string_view text, bool form);

/// "a=1&b" as {a: "1", b: ""}, names and values decoded. InvalidArgument: malformed, or a name that is not UTF-8.
Result<NamedValues> ParseQuery(std::string_view text);

}  // namespace k2i::server
