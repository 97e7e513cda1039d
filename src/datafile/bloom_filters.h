// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "datafile/leaf_column.h"

namespace k2i::datafile {

/// How a column's Bloom filters are sized; one is written for each row group.
struct BloomFilter {
  int64_t distinct_values = 0;
  double false_positives = 0.01;  // share, between 0 and 1
};

/// By Parquet path, the columns that the table wants Bloom filters for: write.parquet.bloom-filter-enabled.column.*,
/// with bloom-filter-fpp.column.* (0.01), bloom-filter-ndv.column.* (`row_group_rows`) and bloom-filter-max-bytes
/// (1 MB). Parquet has none for booleans. InvalidConfig for a value that cannot be.
Result<std::map<std::string, BloomFilter>> BloomFilters(const std::map<std::string, std::string>& properties,
                                                        const std::vector<LeafColumn>& leaves, int64_t row_group_rows);

}  // namespace k2i::datafile
