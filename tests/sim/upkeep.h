// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/world.h"

namespace k2i::sim {

/// The body of the fiber of a machine that maintains the tables: one process after the other compacts, merges manifests
/// and expires snapshots by the product's own code, and dies as others do.
void RunUpkeep(World& world, Machine& machine);

}  // namespace k2i::sim
