// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <compare>

#include "iceberg/manifest/partition_value.h"

namespace k2i::iceberg {
namespace {

bool IsNaN(const Literal& literal) {
  if (const auto* single = std::get_if<float>(&literal)) return std::isnan(*single);
  if (const auto* whole = std::get_if<double>(&literal)) return std::isnan(*whole);
  return false;
}

/// In the order of the type; -0.0 before +0.0 (spec "Manifests", note 2). REQUIRES: values of one type, none NaN.
bool Less(const Literal& a, const Literal& b) {
  if (const auto* single = std::get_if<float>(&a)) return std::strong_order(*single, std::get<float>(b)) < 0;
  if (const auto* whole = std::get_if<double>(&a)) return std::strong_order(*whole, std::get<double>(b)) < 0;
  return a < b;
}

}  // namespace

void PartitionSummary::Add(const PartitionTuple& tuple) {
  for (size_t i = 0; i < fields_.size(); ++i) {
    Field& field = fields_[i];
    const Literal& value = tuple[i];
    if (is_null(value)) {
      field.contains_null = true;
    } else if (IsNaN(value)) {
      field.contains_nan = true;
    } else {
      if (is_null(field.lower) || Less(value, field.lower)) field.lower = value;
      if (is_null(field.upper) || Less(field.upper, value)) field.upper = value;
    }
  }
}

std::vector<FieldSummary> PartitionSummary::Finish() const {
  std::vector<FieldSummary> summaries;
  for (size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    FieldSummary summary{.contains_null = field.contains_null, .contains_nan = field.contains_nan};
    if (!is_null(field.lower)) {
      const Type& type = *type_.fields()[i].type;
      summary.lower_bound = SerializeLiteral(type, field.lower);
      summary.upper_bound = SerializeLiteral(type, field.upper);
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace k2i::iceberg
