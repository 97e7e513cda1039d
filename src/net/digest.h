// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace k2i::net {

/// 16 bytes (RFC 1321), for what S3 wants of it: damage found, nothing proved.
std::string Md5(std::string_view bytes);
/// 32 bytes (FIPS 180-4).
std::string Sha256(std::string_view bytes);
/// 32 bytes (RFC 2104).
std::string HmacSha256(std::string_view key, std::string_view bytes);
/// Two lower-case digits a byte.
std::string Hex(std::string_view bytes);

}  // namespace k2i::net
