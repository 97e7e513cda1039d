// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/metadata_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "iceberg/update/schema_check.h"

namespace k2i::iceberg {
namespace {

constexpr std::string_view kFormatVersionProperty = "format-version";
constexpr std::string_view kPreviousVersionsProperty = "write.metadata.previous-versions-max";
constexpr int32_t kDefaultPreviousVersions = 100;
constexpr int32_t kHighestFormatVersion = 3;

std::optional<int32_t> ParseInt(std::string_view text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
bool Has(const std::vector<T>& items, int32_t T::*member, int32_t id) {
  return std::ranges::find(items, id, member) != items.end();
}

}  // namespace

std::string WithoutTrailingSlash(std::string location) {
  while (location.ends_with('/') && !location.ends_with("://") && location.size() > 1) location.pop_back();
  return location;
}

bool IsReservedProperty(std::string_view key) {
  static constexpr std::array<std::string_view, 9> kReserved = {
      kFormatVersionProperty,          "uuid",           "snapshot-count",         "current-snapshot-summary",
      "current-snapshot-id",           "current-schema", "default-partition-spec", "default-sort-order",
      "current-snapshot-timestamp-ms",
  };
  return std::ranges::find(kReserved, key) != kReserved.end();
}

Result<int32_t> ParseFormatVersion(const std::string& text) {
  const auto version = ParseInt(text);
  if (!version.has_value()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("format-version '{}' is not a number", text));
  }
  return *version;
}

MetadataBuilder::MetadataBuilder(const TableMetadata& base, int64_t now_ms)
    : metadata_(base), base_updated_ms_(base.last_updated_ms) {
  metadata_.last_updated_ms = std::max(now_ms, base.last_updated_ms);
}

Status MetadataBuilder::operator()(const update::AssignUuid& update) {
  if (!metadata_.table_uuid.empty() && metadata_.table_uuid != update.uuid) {
    return Fail(ErrorCode::kInvalidArgument, "the table has a UUID already: " + metadata_.table_uuid);
  }
  metadata_.table_uuid = update.uuid;
  return {};
}

Status MetadataBuilder::operator()(const update::UpgradeFormatVersion& update) {
  if (update.format_version > kHighestFormatVersion || update.format_version < metadata_.format_version) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("cannot change a table from format version {} to {}",
                                                         metadata_.format_version, update.format_version));
  }
  metadata_.format_version = update.format_version;
  return {};
}

Status MetadataBuilder::operator()(const update::SetLocation& update) {
  metadata_.location = WithoutTrailingSlash(update.location);
  return {};
}

Status MetadataBuilder::operator()(const update::SetProperties& update) {
  for (const auto& [key, value] : update.updates) {
    if (key == kFormatVersionProperty) {
      K2I_ASSIGN_OR_RETURN(const int32_t version, ParseFormatVersion(value));
      K2I_RETURN_IF_ERROR((*this)(update::UpgradeFormatVersion{version}));
    } else if (!IsReservedProperty(key)) {
      metadata_.properties[key] = value;
    }
  }
  return {};
}

Status MetadataBuilder::operator()(const update::RemoveProperties& update) {
  for (const std::string& key : update.removals) metadata_.properties.erase(key);
  return {};
}

Status MetadataBuilder::CheckDefaults() const {
  const Schema* schema = current_schema();
  const bool complete = schema != nullptr &&
                        Has(metadata_.partition_specs, &PartitionSpec::spec_id, metadata_.default_spec_id) &&
                        Has(metadata_.sort_orders, &SortOrder::order_id, metadata_.default_sort_order_id);
  if (!complete) return Fail(ErrorCode::kInvalidArgument, "a table needs a schema, a partition spec and a sort order");
  K2I_RETURN_IF_ERROR(CheckPartitionSources(metadata_.default_spec(), *schema));
  const auto& orders = metadata_.sort_orders;
  return CheckSortOrder(*std::ranges::find(orders, metadata_.default_sort_order_id, &SortOrder::order_id), *schema);
}

Status MetadataBuilder::LogPreviousFile(std::string_view base_location) {
  if (base_location.empty()) return {};
  auto& log = metadata_.metadata_log;
  log.push_back({base_updated_ms_, std::string(base_location)});
  const std::string text = metadata_.PropertyOr(std::string(kPreviousVersionsProperty), "");
  const auto limit = text.empty() ? kDefaultPreviousVersions : ParseInt(text);
  if (!limit.has_value()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("property {} is not a number: '{}'", kPreviousVersionsProperty, text));
  }
  const auto keep = static_cast<size_t>(std::max(1, *limit));
  if (log.size() > keep) log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(keep));
  return {};
}

Result<TableMetadata> MetadataBuilder::Finish(std::string_view base_location) {
  K2I_RETURN_IF_ERROR(CheckDefaults());
  K2I_RETURN_IF_ERROR(LogPreviousFile(base_location));
  CleanSnapshotLog();
  return std::move(metadata_);
}

}  // namespace k2i::iceberg
