// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/world.h"

namespace k2i::sim {

/// Appends the scenario's records to the topics, over most of the time of trouble.
void Produce(World& world);
/// One thing that befalls the world from outside, as the scenario weighs them.
void Befall(World& world);

// What other engines and tools do to a table (foreign.cc). Each leaves the table one that K2I can go on with: of tag,
// property and history at least one still says where.
void ForeignCommit(World& world);
void ExpireSnapshots(World& world);
/// Leaves nothing but the property: the tag is dropped, and a commit on top makes all of our snapshots expire.
void TakeOver(World& world);
void DropTag(World& world);
void DropProperty(World& world);

}  // namespace k2i::sim
