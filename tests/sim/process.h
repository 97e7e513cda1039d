// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/world.h"

namespace k2i::sim {

/// The names that the whole simulation goes by.
inline const iceberg::TableIdentifier kTable{{"db"}, "events"};
inline const iceberg::TableIdentifier kDeadLetters{{"db"}, "events__dlq"};
inline constexpr const char* kPipeline = "p";

/// The body of a machine's fiber: runs one process after the other, each on the product's own code, as long as one is
/// wanted; moves a log away that a process has refused.
void RunMachine(World& world, Machine& machine);

}  // namespace k2i::sim
