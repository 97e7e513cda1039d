// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace k2i::datafile {

/// Size of the 32-bit Roaring bitmap that `bytes` begins with, in the portable format (RoaringFormatSpec), after a look
/// at all of it: the library takes order, bounds and counts on trust. Corruption where it does not hold, or is empty.
Result<size_t> CheckRoaring(std::string_view bytes);

}  // namespace k2i::datafile
