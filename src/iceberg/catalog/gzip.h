// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace k2i::iceberg {

bool IsGzip(std::string_view bytes);
/// RFC 1952. ResourceExhausted when memory is short.
Result<std::string> Gzip(std::string_view bytes);
/// Corruption for malformed bytes or more than `max_size` bytes of output.
Result<std::string> Gunzip(std::string_view bytes, size_t max_size);

}  // namespace k2i::iceberg
