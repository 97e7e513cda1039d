// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "buffer/view.h"
#include "kafka/source.h"
#include "sim/world.h"

namespace k2i::sim {

/// A source that, whenever the process polls, holds the views that queries would get, of the table and of the dead
/// letters, against what the broker holds: of each partition every row (or letter) from the committed offset to the end
/// is in it once, and no other.
std::unique_ptr<kafka::Source> CheckingViews(World& world, Life& life, const buffer::ViewPublisher& views,
                                             const buffer::ViewPublisher& letter_views,
                                             std::unique_ptr<kafka::Source> source);

}  // namespace k2i::sim
