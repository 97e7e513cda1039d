// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace k2i {

/// Bytes of the well-formed UTF-8 sequence (RFC 3629 §4) that `text` begins with; 0: it begins with none.
size_t Utf8Length(std::string_view text);
bool IsUtf8(std::string_view text);
/// The longest beginning of `text` of `max_bytes` at most that ends with a whole sequence.
std::string_view Utf8Prefix(std::string_view text, size_t max_bytes);
/// The code point of the sequence that `text` begins with. Utf8Length(text) must not be 0.
uint32_t Utf8CodePoint(std::string_view text);

}  // namespace k2i
