// SPDX-License-Identifier: Apache-2.0
#include "datafile/bloom_filters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "datafile/table_properties.h"

namespace k2i::datafile {
namespace {

const std::string kPrefix = "write.parquet.bloom-filter-";

Result<double> FalsePositives(const std::map<std::string, std::string>& properties, const std::string& key) {
  const auto found = properties.find(key);
  if (found == properties.end()) return BloomFilter{}.false_positives;
  const std::string& text = found->second;
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error == std::errc() && end == text.data() + text.size() && share > 0 && share < 1) return share;
  return Fail(ErrorCode::kInvalidConfig, "table property " + key + " is not a number between 0 and 1: " + text);
}

/// The most values for which a filter of `bytes` keeps the promised share: blocks of 256 bits, 8 of them set by each
/// value (Parquet's split-block filter).
int64_t MostValues(int64_t bytes, double false_positives) {
  const double bits = static_cast<double>(bytes) * 8;
  return std::max<int64_t>(1, static_cast<int64_t>(bits * -std::log(1 - std::pow(false_positives, 1.0 / 8)) / 8));
}

}  // namespace

Result<std::map<std::string, BloomFilter>> BloomFilters(const std::map<std::string, std::string>& properties,
                                                        const std::vector<LeafColumn>& leaves, int64_t row_group_rows) {
  std::map<std::string, BloomFilter> filters;
  K2I_ASSIGN_OR_RETURN(const int64_t max_bytes, PositiveProperty(properties, kPrefix + "max-bytes", int64_t{1} << 20));
  for (const LeafColumn& leaf : leaves) {
    if (leaf.type->id() == iceberg::TypeId::kBoolean) continue;
    if (!IsTrue(properties, kPrefix + "enabled.column." + leaf.name)) continue;
    BloomFilter filter;
    K2I_ASSIGN_OR_RETURN(filter.false_positives, FalsePositives(properties, kPrefix + "fpp.column." + leaf.name));
    K2I_ASSIGN_OR_RETURN(const int64_t values,
                         PositiveProperty(properties, kPrefix + "ndv.column." + leaf.name, row_group_rows));
    filter.distinct_values = std::min(values, MostValues(max_bytes, filter.false_positives));
    filters.emplace(leaf.parquet_path, filter);
  }
  return filters;
}

}  // namespace k2i::datafile
