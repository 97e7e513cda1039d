// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sim/world.h"

namespace k2i::sim {

/// At the end of a history: every record that was produced is in the table or among the dead letters, once, with its
/// value and in its place; the metadata is whole and what it points to is there.
void VerifyEnd(World& world);

}  // namespace k2i::sim
