// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <fmt/format.h>

namespace k2i {

uint64_t Random::SystemSeed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

uint64_t Random::Next() {
  std::lock_guard lock(mutex_);
  return engine_();
}

uint64_t Random::Below(uint64_t bound) { return Next() % bound; }

double Random::Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

std::string Random::Uuid() {
  const uint64_t high = (Next() & ~0xF000ULL) | 0x4000ULL;
  const uint64_t low = (Next() & ~(3ULL << 62)) | (2ULL << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48,
                     low & 0xFFFFFFFFFFFFULL);
}

int64_t Random::PositiveInt64() { return static_cast<int64_t>((Next() >> 1) | 1); }

}  // namespace k2i
