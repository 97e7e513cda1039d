// SPDX-License-Identifier: Apache-2.0
//
// How old files may be that no snapshot refers to yet, and still be committed.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace k2i::iceberg {

/// Older ones are written anew. For orphan clean-up, K2I's and other engines', takes what nothing refers to once it is
/// a day old, however much somebody still means to commit it; the other half is for the commit itself, and for clocks
/// that differ.
inline constexpr Duration kUncommittedFilesGoodFor = std::chrono::hours(12);

/// When the first of some files was begun.
struct WrittenSince {
  int64_t wall_ms = 0;
  Duration monotonic{0};

  static WrittenSince Now(const Clock& clock) { return {clock.wall_ms(), clock.monotonic()}; }
  /// Of files that another process wrote. `wall_ms`: Unix epoch, as their store has it.
  static WrittenSince At(int64_t wall_ms, const Clock& clock) {
    return {wall_ms, clock.monotonic() - std::chrono::milliseconds(clock.wall_ms() - wall_ms)};
  }

  /// By the clock that says more: the wall's may have been set back, and the other stands still while a machine sleeps.
  Duration Age(const Clock& clock) const {
    return std::max<Duration>(std::chrono::milliseconds(clock.wall_ms() - wall_ms), clock.monotonic() - monotonic);
  }
};

}  // namespace k2i::iceberg
