// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/world.h"

namespace k2i::sim {

/// The body of the fiber of a machine that maintains the tables: one process after the other compacts, merges
/// manifests, expires snapshots and deletes orphans by the product's own code, and dies as others do.
void RunUpkeep(World& world, Machine& machine);

/// Once nobody runs any more: deletes what nothing refers to, however young.
void CleanUp(World& world);

}  // namespace k2i::sim
