// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace k2i::fuzz {

/// JSON with one thing changed: a member or element gone, doubled or replaced by one from elsewhere in the text; a
/// number or string by an awkward one; a name by another; a value nested thousands deep. Text that is not JSON, or is
/// nested deeply already, is mutated as bytes. The result may be longer than `max_size`, which is a hint.
std::string MutateJson(std::string_view text, size_t max_size, std::minstd_rand& random);

}  // namespace k2i::fuzz
