// SPDX-License-Identifier: Apache-2.0
#include "progress/lease.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/offset_json.h"

namespace k2i::progress {

using nlohmann::json;

std::string LeasePropertyName(std::string_view id) { return fmt::format("{}{}", kLeasePrefix, id); }

std::string LeaseJson(const Lease& lease) {
  return json{{"snapshot", lease.snapshot_id}, {"until_ms", lease.until_ms}}.dump();
}

Result<std::vector<Lease>> ReadLeases(const iceberg::TableMetadata& table) {
  std::vector<Lease> leases;
  for (auto it = table.properties.lower_bound(std::string(kLeasePrefix));
       it != table.properties.end() && it->first.starts_with(kLeasePrefix); ++it) {
    const json parsed = json::parse(it->second, nullptr, /*allow_exceptions=*/false);
    const bool readable = parsed.is_object() && parsed.contains("snapshot") && IsInt64(parsed["snapshot"]) &&
                          parsed.contains("until_ms") && IsInt64(parsed["until_ms"]);
    if (!readable) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("table property {} is no lease: '{}'; remove the property if its holder is gone",
                              it->first, it->second),
                  Component::kCatalog);
    }
    leases.push_back({it->first.substr(kLeasePrefix.size()), parsed["snapshot"], parsed["until_ms"]});
  }
  return leases;
}

}  // namespace k2i::progress
