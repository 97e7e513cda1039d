// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace k2i::iceberg {

/// murmur3_x86_32 with seed 0, as the bucket transform uses it (spec appendix B).
int32_t Murmur3(std::string_view bytes);

}  // namespace k2i::iceberg
