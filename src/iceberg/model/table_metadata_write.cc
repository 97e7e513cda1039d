// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "iceberg/model/gzip.h"
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

struct PlainText {
  std::string text;
  Status Append(std::string_view more) {
    text += more;
    return {};
  }
  template <typename T>
  Status List(const HistoryList<T>& list) {
    list.WriteJson(text);
    return {};
  }
};

struct GzipText {
  GzipWriter writer;
  Status Append(std::string_view more) { return writer.Append(more); }
  template <typename T>
  Status List(const HistoryList<T>& list) {
    return list.WriteJson(writer);
  }
};

template <typename Out>
Status Write(const TableMetadata& metadata, Out& out) {
  std::string rest = JsonText(MembersThatStay(metadata));
  rest.pop_back();  // the closing brace
  K2I_RETURN_IF_ERROR(out.Append(rest + R"(,"snapshot-log":[)"));
  K2I_RETURN_IF_ERROR(out.List(metadata.snapshot_log));
  K2I_RETURN_IF_ERROR(out.Append(R"(],"snapshots":[)"));
  K2I_RETURN_IF_ERROR(out.List(metadata.snapshots));
  return out.Append("]}");
}

}  // namespace

void PutMembers(const OtherMembers& members, nlohmann::json& json) {
  for (const auto& [key, text] : members) {
    if (!json.contains(key)) json[key] = nlohmann::json::parse(text, nullptr, false);
  }
}

std::string TableMetadataJson(const TableMetadata& metadata) {
  PlainText plain;
  (void)Write(metadata, plain);  // memory is all that could fail
  return std::move(plain.text);
}

Result<std::string> TableMetadataGzip(const TableMetadata& metadata) {
  GzipText gzip;
  K2I_RETURN_IF_ERROR(Write(metadata, gzip));
  return std::move(gzip.writer).Finish();
}

}  // namespace k2i::iceberg
