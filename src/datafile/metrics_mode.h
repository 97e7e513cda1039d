// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datafile/leaf_column.h"

namespace k2i::datafile {

/// How much a manifest says of a column (table properties write.metadata.metrics.*).
struct MetricsMode {
  enum class Kind { kNone, kCounts, kTruncate, kFull } kind = Kind::kTruncate;
  size_t length = 16;  // of kTruncate

  /// "none", "counts", "truncate(16)", "full", in any case of letters. InvalidConfig for anything else.
  static Result<MetricsMode> Parse(std::string_view text);
  bool counts() const { return kind != Kind::kNone; }
  bool bounds() const { return kind == Kind::kTruncate || kind == Kind::kFull; }
  friend bool operator==(const MetricsMode&, const MetricsMode&) = default;
};

/// The mode of each leaf: its own property, else the default property, else truncate(16) for as many leaves as
/// write.metadata.metrics.max-inferred-column-defaults (100) allows and none for the rest. InvalidConfig for a value
/// that is not a mode.
Result<std::vector<MetricsMode>> MetricsModes(const std::map<std::string, std::string>& properties,
                                              const std::vector<LeafColumn>& leaves);

}  // namespace k2i::datafile
