// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace k2i::net {

/// 32 bytes (FIPS 180-4).
std::string Sha256(std::string_view bytes);
/// 32 bytes (RFC 2104).
std::string HmacSha256(std::string_view key, std::string_view bytes);
/// Two lower-case digits a byte.
std::string Hex(std::string_view bytes);

}  // namespace k2i::net
