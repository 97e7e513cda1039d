// SPDX-License-Identifier: Apache-2.0
//
// Kafka positions as JSON, as they stand in snapshot summaries and in the transaction log.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ids.h"

namespace k2i {

/// {"events":{"0":[100,123]}}, half-open.
nlohmann::json ToJson(const OffsetRanges& ranges);
/// {"events":{"0":123}}
nlohmann::json ToJson(const OffsetVector& offsets);
/// Corruption for anything that is not of that shape.
Result<OffsetRanges> RangesFromJson(const nlohmann::json& json);
Result<OffsetVector> OffsetsFromJson(const nlohmann::json& json);

}  // namespace k2i
