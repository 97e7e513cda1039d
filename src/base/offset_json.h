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
/// An integer that int64_t holds; conversion alone would take any number, and make what it likes of 1e300.
bool IsInt64(const nlohmann::json& value);

nlohmann::json ToJson(const OffsetRanges& ranges);
/// {"events":{"0":123}}
nlohmann::json ToJson(const OffsetVector& offsets);
/// Corruption for anything that is not of that shape.
Result<OffsetRanges> RangesFromJson(const nlohmann::json& json);
Result<OffsetVector> OffsetsFromJson(const nlohmann::json& json);

}  // namespace k2i
