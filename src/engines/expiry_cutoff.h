// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "iceberg/model/table_metadata.h"

namespace k2i::engines {

/// The latest time such that an engine which removes every snapshot from before it, but those that refs point to and
/// retain, removes none but `expiring`: engines know neither leases nor a boundary without its tag. nullopt where
/// nothing would go.
std::optional<int64_t> EngineCutoff(const iceberg::TableMetadata& table, const std::vector<int64_t>& expiring);

}  // namespace k2i::engines
