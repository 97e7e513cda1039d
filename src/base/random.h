// SPDX-License-Identifier: Apache-2.0
//
// Randomness is injected too (design.md §9): one seed replays one history.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace k2i {

/// Thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  /// Seeded from the operating system.
  static uint64_t SystemSeed();

  uint64_t Next();
  /// Uniform in [0, bound); `bound` > 0.
  uint64_t Below(uint64_t bound);
  /// Uniform in [0, 1).
  double Unit();
  /// A random (version 4) UUID in its 36-character form.
  std::string Uuid();
  /// A version 7 UUID (RFC 9562): ordered by `now_ms`, milliseconds since the Unix epoch.
  std::string TimeOrderedUuid(int64_t now_ms);
  /// A positive 63-bit number, as Iceberg wants its snapshot ids.
  int64_t PositiveInt64();

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace k2i
