// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace k2i::ingest {

/// When uncommitted rows become files. Any one of the bounds is enough; zero switches a bound off.
struct FlushPolicy {
  int64_t max_bytes = 0;
  int64_t max_rows = 0;
  Duration max_age{0};
};

/// Rows that are neither committed nor on their way.
struct UncommittedRows {
  int64_t bytes = 0;
  int64_t rows = 0;
  bool any_offsets = false;  // positions that moved, with or without rows
  Duration oldest_age{0};    // of the oldest row's seal; counts on while the topic is idle
};

enum class FlushReason { kSize, kRows, kAge, kShutdown, kMemory, kStart };

constexpr std::string_view ToString(FlushReason reason) {
  switch (reason) {
    case FlushReason::kSize:
      return "size";
    case FlushReason::kRows:
      return "rows";
    case FlushReason::kAge:
      return "age";
    case FlushReason::kShutdown:
      return "shutdown";
    case FlushReason::kMemory:
      return "memory";
    case FlushReason::kStart:
      return "start";
  }
  return "";
}

/// nullopt: not yet. `memory_short`: the source is paused, so whatever there is goes out now.
inline std::optional<FlushReason> DecideFlush(const FlushPolicy& policy, const UncommittedRows& state,
                                              bool memory_short) {
  if (!state.any_offsets) return std::nullopt;
  if (policy.max_bytes > 0 && state.bytes >= policy.max_bytes) return FlushReason::kSize;
  if (policy.max_rows > 0 && state.rows >= policy.max_rows) return FlushReason::kRows;
  if (policy.max_age.count() > 0 && state.oldest_age >= policy.max_age) return FlushReason::kAge;
  if (memory_short) return FlushReason::kMemory;
  return std::nullopt;
}

}  // namespace k2i::ingest
