// SPDX-License-Identifier: Apache-2.0
//
// Bytes as text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "record/number_text.h"

namespace k2i::record {

/// Base64, standard alphabet with padding (RFC 4648 §4). `out` has room for text.size() / 4 * 3 bytes; `*size`: bytes
/// written.
Why ParseBase64(std::string_view text, uint8_t* out, int64_t* size);

/// "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" (RFC 9562 §4, either case).
Why ParseUuid(std::string_view text, std::span<uint8_t, 16> out);

}  // namespace k2i::record
