// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace k2i {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, continuing from `crc`.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace k2i
