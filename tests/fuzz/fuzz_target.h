// SPDX-License-Identifier: Apache-2.0
//
// What every fuzz target has. LLVMFuzzerTestOneInput and, where there is one, LLVMFuzzerCustomMutator have the
// signatures that libFuzzer documents; they are declared here, as no header of it does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed);
/// libFuzzer's own mutation, for targets with a mutator of their own.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace k2i::fuzz {

/// Valid inputs of this target, made by the product's own writers. Each target defines it. A target that is started
/// with K2I_FUZZ_SEEDS=<folder> writes them there and exits.
std::vector<std::string> Seeds();

/// Ends the process unless `holds`, which libFuzzer takes for a find; `promise` says what was broken.
void Require(bool holds, std::string_view promise);
/// The same, with the two texts where they begin to differ.
void RequireSame(std::string_view a, std::string_view b, std::string_view promise);

/// `bytes` after one of libFuzzer's own mutations, `max_size` long at most.
std::string Mutated(std::string bytes, size_t max_size);
/// Copies a mutator's result to where libFuzzer wants it; when it is too long, mutates what stands there instead.
size_t PutMutated(const std::string& result, uint8_t* data, size_t size, size_t max_size);

inline std::string_view TextOf(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

}  // namespace k2i::fuzz
