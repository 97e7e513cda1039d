// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <fmt/format.h>

namespace k2i {
namespace {

std::string FormatUuid(uint64_t high, uint64_t low) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48,
                     low & 0xFFFFFFFFFFFFULL);
}

}  // namespace

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
  return FormatUuid((Next() & ~0xF000ULL) | 0x4000ULL, (Next() & ~(3ULL << 62)) | (2ULL << 62));
}

std::string Random::TimeOrderedUuid(int64_t now_ms) {
  return FormatUuid((static_cast<uint64_t>(now_ms) << 16) | 0x7000ULL | (Next() & 0xFFFULL),
                    (Next() & ~(3ULL << 62)) | (2ULL << 62));
}

int64_t Random::PositiveInt64() { return static_cast<int64_t>((Next() >> 1) | 1); }

}  // namespace k2i
