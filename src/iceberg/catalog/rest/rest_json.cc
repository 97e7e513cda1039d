// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "iceberg/model/json.h"
#include "iceberg/update/table_update_json.h"

namespace k2i::iceberg {

namespace {

using nlohmann::json;
using StringMap = std::map<std::string, std::string>;

Result<StringMap> OptionalStringMap(const JsonView& object, std::string_view key) {
  const auto member = object.Find(key);
  return member.has_value() ? member->StringMap() : StringMap();
}

std::string Lookup(const StringMap& map, const char* key, const std::string& fallback) {
  const auto found = map.find(key);
  return found == map.end() || found->second.empty() ? fallback : found->second;
}

/// Adds the credentials of the longest prefix that fits (spec: LoadTableResult, "Storage Credentials").
Status MergeStorageCredentials(const JsonView& answer, const std::string& location, StringMap& config) {
  const auto credentials = answer.Find("storage-credentials");
  if (!credentials.has_value()) return {};
  K2I_ASSIGN_OR_RETURN(const auto elements, credentials->Elements());
  size_t best_length = 0;
  StringMap best;
  for (const JsonView& element : elements) {
    K2I_ASSIGN_OR_RETURN(const std::string prefix, element.Get<std::string>("prefix"));
    if (!location.starts_with(prefix) || prefix.size() < best_length) continue;
    K2I_ASSIGN_OR_RETURN(best, OptionalStringMap(element, "config"));
    best_length = prefix.size();
  }
  for (auto& [key, value] : best) config[key] = std::move(value);
  return {};
}

}  // namespace

Result<RestConfig> ParseRestConfig(std::string_view body, const RestConfig& client) {
  K2I_ASSIGN_OR_RETURN(const json document, ParseJson(body, "catalog configuration"));
  const JsonView answer(document, "config");
  if (!document.is_object()) return answer.Malformed("is not an object");
  K2I_ASSIGN_OR_RETURN(const StringMap defaults, OptionalStringMap(answer, "defaults"));
  K2I_ASSIGN_OR_RETURN(const StringMap overrides, OptionalStringMap(answer, "overrides"));
  RestConfig config;
  config.uri = Lookup(overrides, "uri", client.uri);
  const std::string own_prefix = client.prefix.empty() ? Lookup(defaults, "prefix", "") : client.prefix;
  config.prefix = Lookup(overrides, "prefix", own_prefix);
  const std::string separator = Lookup(defaults, "namespace-separator", client.namespace_separator);
  config.namespace_separator = Lookup(overrides, "namespace-separator", separator);
  K2I_ASSIGN_OR_RETURN(const auto lifetime, answer.GetOptional<std::string>("idempotency-key-lifetime"));
  config.idempotency = lifetime.has_value();
  if (const auto endpoints = answer.Find("endpoints")) {
    K2I_ASSIGN_OR_RETURN(const auto list, endpoints->List<std::string>());
    // Servers that send an empty list mean that they do not say.
    if (!list.empty()) config.endpoints.emplace(list.begin(), list.end());
  }
  return config;
}

Result<LoadedTable> ParseLoadedTable(std::string_view body, const TableIdentifier& identifier) {
  K2I_ASSIGN_OR_RETURN(const json document, ParseJson(body, "table"));
  const JsonView answer(document, "table");
  if (!document.is_object()) return answer.Malformed("is not an object");
  K2I_ASSIGN_OR_RETURN(const JsonView metadata_json, answer.At("metadata"));
  K2I_ASSIGN_OR_RETURN(TableMetadata metadata, TableMetadataFromJson(metadata_json));
  LoadedTable table{.identifier = identifier};
  K2I_ASSIGN_OR_RETURN(const auto location, answer.GetOptional<std::string>("metadata-location"));
  table.metadata_location = location.value_or("");
  K2I_ASSIGN_OR_RETURN(table.config, OptionalStringMap(answer, "config"));
  K2I_RETURN_IF_ERROR(MergeStorageCredentials(answer, metadata.location, table.config));
  table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  return table;
}

std::string CreateNamespaceBody(const std::vector<std::string>& name_space) {
  return JsonText({{"namespace", name_space}, {"properties", json::object()}});
}

Result<std::string> CreateTableBody(const std::string& name, const CreateTableRequest& request, int64_t now_ms) {
  // Made here as a catalog would make it: what is illegal is found before anything is sent, and the ids in schema, spec
  // and order agree. The server assigns its own afresh, in the same order.
  const std::string location = request.location.empty() ? "file:///to-be-chosen" : request.location;
  K2I_ASSIGN_OR_RETURN(const TableMetadata made, NewTableMetadata(request, location, "not-sent", now_ms));
  StringMap properties = request.properties;
  properties["format-version"] = std::to_string(made.format_version);
  json body = {{"name", name},
               {"schema", SchemaToJson(made.current_schema())},
               {"partition-spec", PartitionSpecToJson(made.default_spec())},
               {"stage-create", false},
               {"properties", properties}};
  for (const SortOrder& order : made.sort_orders) {
    if (order.order_id == made.default_sort_order_id) body["write-order"] = SortOrderToJson(order);
  }
  if (!request.location.empty()) body["location"] = request.location;
  return JsonText(body);
}

std::string CommitTableBody(const TableIdentifier& identifier, const std::vector<TableRequirement>& requirements,
                            const std::vector<TableUpdate>& updates) {
  json body = {{"identifier", {{"namespace", identifier.name_space}, {"name", identifier.name}}},
               {"requirements", json::array()},
               {"updates", json::array()}};
  for (const TableRequirement& requirement : requirements) {
    body["requirements"].push_back(TableRequirementToJson(requirement));
  }
  for (const TableUpdate& update : updates) body["updates"].push_back(TableUpdateToJson(update));
  return JsonText(body);
}

}  // namespace k2i::iceberg
