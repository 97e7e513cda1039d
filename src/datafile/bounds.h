// SPDX-License-Identifier: Apache-2.0
//
// Lower and upper bounds as manifests keep them: whole, or cut so that they still bound.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "iceberg/model/literal.h"
#include "iceberg/model/type.h"

namespace k2i::datafile {

/// Smallest and largest of some values of one type. Empty until the first is taken in.
struct Extremes {
  iceberg::Literal smallest;
  iceberg::Literal largest;
  bool empty() const { return iceberg::is_null(smallest); }
  void Include(const Extremes& other);
};

/// The first `length` code points (string) or bytes (binary) of `value`; the value itself where it is no longer, and
/// for all other types. nullopt for text that is not UTF-8.
std::optional<iceberg::Literal> LowerBound(const iceberg::Literal& value, std::optional<size_t> length);
/// The smallest such prefix that is not below `value`: its last code point or byte that can be raised is raised by one.
/// nullopt where none can, and for text that is not UTF-8.
std::optional<iceberg::Literal> UpperBound(const iceberg::Literal& value, std::optional<size_t> length);

}  // namespace k2i::datafile
