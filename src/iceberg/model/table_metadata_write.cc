// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "iceberg/model/json.h"

namespace k2i::iceberg {
namespace {

template <typename T, typename Convert>
nlohmann::json ArrayOf(const std::vector<T>& items, Convert convert) {
  auto array = nlohmann::json::array();
  for (const T& item : items) array.push_back(convert(item));
  return array;
}

nlohmann::json MetadataLogEntryToJson(const MetadataLogEntry& entry) {
  nlohmann::json json = {{"timestamp-ms", entry.timestamp_ms}, {"metadata-file", entry.metadata_file}};
  PutMembers(entry.other, json);
  return json;
}

void PutDefinitions(nlohmann::json& json, const TableMetadata& metadata) {
  json["last-column-id"] = metadata.last_column_id;
  json["schemas"] = ArrayOf(metadata.schemas, SchemaToJson);
  json["current-schema-id"] = metadata.current_schema_id;
  json["partition-specs"] = ArrayOf(metadata.partition_specs, PartitionSpecToJson);
  json["default-spec-id"] = metadata.default_spec_id;
  json["last-partition-id"] = metadata.last_partition_id;
  json["sort-orders"] = ArrayOf(metadata.sort_orders, SortOrderToJson);
  json["default-sort-order-id"] = metadata.default_sort_order_id;
  if (metadata.format_version == 1) {
    // The forms that readers of v1 know.
    json["schema"] = SchemaToJson(metadata.current_schema());
    json["partition-spec"] = PartitionFieldsToJson(metadata.default_spec());
  }
}

void PutPointers(nlohmann::json& json, const TableMetadata& metadata) {
  if (metadata.current_snapshot_id.has_value()) {
    json["current-snapshot-id"] = *metadata.current_snapshot_id;
  } else if (metadata.format_version < 3) {
    json["current-snapshot-id"] = -1;  // optional by the spec, but older Java readers insist on it
  }
  json["metadata-log"] = ArrayOf(metadata.metadata_log, MetadataLogEntryToJson);
  auto& refs = json["refs"] = nlohmann::json::object();
  for (const auto& [name, ref] : metadata.refs) refs[name] = SnapshotRefToJson(ref);
}

/// All but the lists that grow with each commit.
nlohmann::json MembersThatStay(const TableMetadata& metadata) {
  nlohmann::json json = {{"format-version", metadata.format_version},
                         {"location", metadata.location},
                         {"last-updated-ms", metadata.last_updated_ms},
                         {"properties", metadata.properties}};
  if (!metadata.table_uuid.empty()) json["table-uuid"] = metadata.table_uuid;
  if (metadata.format_version >= 2) json["last-sequence-number"] = metadata.last_sequence_number;
  if (metadata.format_version >= 3) json["next-row-id"] = metadata.next_row_id;
  PutDefinitions(json, metadata);
  PutPointers(json, metadata);
  PutMembers(metadata.other, json);
  return json;
}

void AppendSnapshots(const SnapshotList& snapshots, std::string& text) {
  size_t bytes = text.size() + snapshots.size();
  for (size_t i = 0; i < snapshots.size(); ++i) bytes += snapshots.JsonOf(i).size();
  text.reserve(bytes);
  for (size_t i = 0; i < snapshots.size(); ++i) {
    if (i > 0) text += ',';
    text += snapshots.JsonOf(i);
  }
}

void AppendSnapshotLog(const std::vector<SnapshotLogEntry>& log, std::string& text) {
  for (size_t i = 0; i < log.size(); ++i) {
    if (i > 0) text += ',';
    fmt::format_to(std::back_inserter(text), R"({{"timestamp-ms":{},"snapshot-id":{})", log[i].timestamp_ms,
                   log[i].snapshot_id);
    for (const auto& [key, value] : log[i].other) text.append(",").append(JsonText(key)).append(":").append(value);
    text += '}';
  }
}

}  // namespace

void PutMembers(const OtherMembers& members, nlohmann::json& json) {
  for (const auto& [key, text] : members) {
    if (!json.contains(key)) json[key] = nlohmann::json::parse(text, nullptr, false);
  }
}

std::string TableMetadataJson(const TableMetadata& metadata) {
  std::string text = JsonText(MembersThatStay(metadata));
  text.pop_back();  // the closing brace
  text += R"(,"snapshot-log":[)";
  AppendSnapshotLog(metadata.snapshot_log, text);
  text += R"(],"snapshots":[)";
  AppendSnapshots(metadata.snapshots, text);
  text += "]}";
  return text;
}

std::string JsonText(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace k2i::iceberg
