// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "buffer/view.h"
#include "kafka/source.h"
#include "sim/world.h"

namespace k2i::sim {

/// A source that, whenever the process polls, holds the view that queries would get against what the broker holds: of
/// each partition every row from the committed offset to the end is in it once, and no other.
std::unique_ptr<kafka::Source> CheckingViews(World& world, Life& life, const buffer::ViewPublisher& views,
                                             std::unique_ptr<kafka::Source> source);

}  // namespace k2i::sim
