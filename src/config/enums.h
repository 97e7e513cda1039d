// SPDX-License-Identifier: Apache-2.0
//
// The words of the configuration's enumerations, and those that interface.md promises but this version does not have.
#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "config/config.h"

namespace k2i::config {

template <typename E>
struct Words {
  std::span<const std::pair<std::string_view, E>> known;  // the first word of a value is the one that is documented
  std::span<const std::string_view> promised;
};

/// Specialised in enums.cc for every enumeration of config.h.
template <typename E>
Words<E> WordsOf();

/// The documented word of `value`.
template <typename E>
std::string_view WordFor(E value) {
  for (const auto& [word, candidate] : WordsOf<E>().known) {
    if (candidate == value) return word;
  }
  return "";
}

}  // namespace k2i::config
