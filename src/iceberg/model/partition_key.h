// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "iceberg/model/partition_spec.h"

namespace k2i::iceberg {

/// Bytes that are the same for equal tuples of one spec only, and that stand in the order of the values: nulls, then
/// numbers by size, text and bytes as they are. All NaN are one.
std::string PartitionKey(const PartitionTuple& tuple);

}  // namespace k2i::iceberg
