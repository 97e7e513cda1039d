// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace k2i {

/// RFC 4648 §4, with padding.
std::string Base64(std::string_view bytes);
/// The other way; nullopt for text that is none.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace k2i
