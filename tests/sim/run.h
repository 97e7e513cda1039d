// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/history.h"

namespace k2i::sim {

/// Lives through the history of `seed`, from the first process to quiescence, and checks what is left. `with_log`: the
/// product's log lines go into it too (the hash is the same).
History RunSeed(uint64_t seed, bool with_log);

}  // namespace k2i::sim
