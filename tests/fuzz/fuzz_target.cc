// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz_target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace k2i::fuzz {

void Require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN PROMISE: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

void RequireSame(std::string_view a, std::string_view b, std::string_view promise) {
  if (a == b) return;
  const auto differ = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const size_t from = differ < 40 ? 0 : differ - 40;
  for (const std::string_view text : {a, b}) {
    const std::string_view part = text.substr(std::min(from, text.size()), 200);
    std::fprintf(stderr, "from byte %zu: %.*s\n", from, static_cast<int>(part.size()), part.data());
  }
  Require(false, promise);
}

std::string Mutated(std::string bytes, size_t max_size) {
  const size_t size = std::min(bytes.size(), max_size);
  bytes.resize(max_size);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, max_size));
  return bytes;
}

size_t PutMutated(const std::string& result, uint8_t* data, size_t size, size_t max_size) {
  if (result.empty() || result.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, result.data(), result.size());
  return result.size();
}

}  // namespace k2i::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("K2I_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  int number = 0;
  for (const std::string& seed : k2i::fuzz::Seeds()) {
    std::ofstream file(std::string(folder) + "/seed-" + std::to_string(number++), std::ios::binary);
    if (!file.write(seed.data(), static_cast<std::streamsize>(seed.size()))) std::exit(1);
  }
  std::exit(0);
}
