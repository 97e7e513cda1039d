// SPDX-License-Identifier: Apache-2.0
//
// Which Parquet encoding and codec a column gets. Encoding everything as a dictionary and compressing everything costs
// nearly twice the CPU for hardly fewer bytes (design.md §10).
#pragma once

#include <cstdint>
#include <vector>

#include "datafile/column_sample.h"
#include "datafile/leaf_column.h"

namespace parquet {
class WriterProperties;
}
namespace arrow::util {
class Codec;
}

namespace k2i::datafile {

/// What readers are known to cope with.
enum class EncodingSet {
  /// Plain and dictionary only: Iceberg's vectorized reader for Spark refuses every other encoding before version 1.10.
  kCompatible,
  /// DELTA_BINARY_PACKED too, for integers that grow in small steps.
  kCompact,
};

enum class ColumnEncoding { kPlain, kDictionary, kDelta };

struct ColumnPlan {
  ColumnEncoding encoding = ColumnEncoding::kPlain;
  bool compress = true;
  friend bool operator==(const ColumnPlan&, const ColumnPlan&) = default;
};

struct EncodingLimits {
  EncodingSet set = EncodingSet::kCompatible;
  int64_t dictionary_bytes = 2 << 20;  // of one column chunk's dictionary; beyond it Parquet goes on in plain
};

/// One plan for each leaf. `codec` (null: no compression) is tried on the samples of columns that stay plain.
std::vector<ColumnPlan> ChooseEncodings(const std::vector<ColumnSample>& samples, const std::vector<LeafColumn>& leaves,
                                        const EncodingLimits& limits, arrow::util::Codec* codec);

}  // namespace k2i::datafile
