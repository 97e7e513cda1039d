// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace k2i {

/// RFC 4648 §4, with padding.
std::string Base64(std::string_view bytes);

}  // namespace k2i
