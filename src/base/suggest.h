// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace k2i {

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment).
size_t EditDistance(std::string_view a, std::string_view b);

/// The candidate nearest to `word` if it is near enough to be meant (a third of its length, at least 2), else "".
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace k2i
