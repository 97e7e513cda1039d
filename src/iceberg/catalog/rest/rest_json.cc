// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/rest/rest_json.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
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

Result<std::vector<StorageCredential>> CredentialsOf(const JsonView& answer) {
  std::vector<StorageCredential> credentials;
  const auto member = answer.Find("storage-credentials");
  if (!member.has_value()) return credentials;
  K2I_ASSIGN_OR_RETURN(const auto elements, member->Elements());
  for (const JsonView& element : elements) {
    StorageCredential credential;
    K2I_ASSIGN_OR_RETURN(credential.prefix, element.Get<std::string>("prefix"));
    K2I_ASSIGN_OR_RETURN(credential.config, OptionalStringMap(element, "config"));
    credentials.push_back(std::move(credential));
  }
  return credentials;
}

Result<net::HttpHeaders> HeadersOf(const JsonView& object) {
  net::HttpHeaders headers;
  const auto member = object.Find("headers");
  if (!member.has_value()) return headers;
  K2I_ASSIGN_OR_RETURN(const auto members, member->Members());
  for (const auto& [name, values] : members) {
    K2I_ASSIGN_OR_RETURN(const auto list, values.List<std::string>());
    for (const std::string& value : list) headers.emplace_back(name, value);
  }
  return headers;
}

Result<std::optional<RemoteSigning>> RemoteSigningOf(const JsonView& answer, const StringMap& config) {
  const auto told = answer.Find("remote-signing-config");
  RemoteSigning signing{.url = "", .properties = {}, .headers = {}, .by_table = told.has_value()};
  if (told.has_value()) {
    K2I_ASSIGN_OR_RETURN(signing.properties, OptionalStringMap(*told, "properties"));
    K2I_ASSIGN_OR_RETURN(signing.headers, HeadersOf(*told));
  } else if (Lookup(config, "s3.remote-signing-enabled", "false") != "true") {
    return std::optional<RemoteSigning>();
  }
  return std::optional(std::move(signing));
}

json IdentifierToJson(const TableIdentifier& table) { return {{"namespace", table.name_space}, {"name", table.name}}; }

json ChangeToJson(const TableChange& change) {
  json body = {
      {"identifier", IdentifierToJson(change.identifier)}, {"requirements", json::array()}, {"updates", json::array()}};
  for (const TableRequirement& requirement : change.requirements) {
    body["requirements"].push_back(TableRequirementToJson(requirement));
  }
  for (const TableUpdate& update : change.updates) body["updates"].push_back(TableUpdateToJson(update));
  return body;
}

/// A key of a snapshot's summary and the counter of a report that says the same.
struct SummaryCounter {
  const char* summary_key;
  const char* counter;
  const char* unit;
};
constexpr SummaryCounter kSummaryCounters[] = {{"added-data-files", "added-data-files", "count"},
                                               {"deleted-data-files", "removed-data-files", "count"},
                                               {"total-data-files", "total-data-files", "count"},
                                               {"added-delete-files", "added-delete-files", "count"},
                                               {"removed-delete-files", "removed-delete-files", "count"},
                                               {"total-delete-files", "total-delete-files", "count"},
                                               {"added-records", "added-records", "count"},
                                               {"deleted-records", "removed-records", "count"},
                                               {"total-records", "total-records", "count"},
                                               {"added-files-size", "added-files-size-bytes", "bytes"},
                                               {"removed-files-size", "removed-files-size-bytes", "bytes"},
                                               {"total-files-size", "total-files-size-bytes", "bytes"}};

}  // namespace

Result<RestConfig> ParseRestConfig(std::string_view body, const RestConfig& client) {
  K2I_ASSIGN_OR_RETURN(const json document, ParseJson(body, "catalog configuration"));
  const JsonView answer(document, "config");
  if (!document.is_object()) return answer.Malformed("is not an object");
  K2I_ASSIGN_OR_RETURN(const StringMap defaults, OptionalStringMap(answer, "defaults"));
  K2I_ASSIGN_OR_RETURN(const StringMap overrides, OptionalStringMap(answer, "overrides"));
  RestConfig config;
  config.properties = overrides;
  config.properties.insert(defaults.begin(), defaults.end());
  config.uri = Lookup(overrides, "uri", client.uri);
  const std::string own_prefix = client.prefix.empty() ? Lookup(defaults, "prefix", "") : client.prefix;
  config.prefix = Lookup(overrides, "prefix", own_prefix);
  CatalogCapabilities& capabilities = config.capabilities;
  capabilities.namespace_separator =
      Lookup(config.properties, "namespace-separator", client.capabilities.namespace_separator);
  capabilities.metrics =
      client.capabilities.metrics && Lookup(config.properties, "rest-metrics-reporting-enabled", "true") == "true";
  K2I_ASSIGN_OR_RETURN(const auto lifetime, answer.GetOptional<std::string>("idempotency-key-lifetime"));
  capabilities.idempotency = lifetime.has_value();
  if (const auto endpoints = answer.Find("endpoints")) {
    K2I_ASSIGN_OR_RETURN(const auto list, endpoints->List<std::string>());
    // Servers that send an empty list mean that they do not say.
    if (!list.empty()) capabilities.endpoints = {list.begin(), list.end()};
  }
  return config;
}

Result<RestTable> ParseRestTable(std::string_view body, const TableIdentifier& identifier, const TableMetadata* known) {
  const HistoryText text = TakeHistoryOut(body, "metadata");
  K2I_ASSIGN_OR_RETURN(const json document, ParseJson(text.rest, "table"));
  const JsonView answer(document, "table");
  if (!document.is_object()) return answer.Malformed("is not an object");
  K2I_ASSIGN_OR_RETURN(const JsonView metadata_json, answer.At("metadata"));
  K2I_ASSIGN_OR_RETURN(TableMetadata metadata, TableMetadataFromJson(metadata_json, text, known));
  RestTable read{.table = {.identifier = identifier}};
  K2I_ASSIGN_OR_RETURN(const auto location, answer.GetOptional<std::string>("metadata-location"));
  read.table.metadata_location = location.value_or("");
  K2I_ASSIGN_OR_RETURN(read.table.config, OptionalStringMap(answer, "config"));
  K2I_ASSIGN_OR_RETURN(read.credentials, CredentialsOf(answer));
  K2I_ASSIGN_OR_RETURN(read.remote_signing, RemoteSigningOf(answer, read.table.config));
  read.table.metadata = std::make_shared<const TableMetadata>(std::move(metadata));
  return read;
}

Result<std::vector<StorageCredential>> ParseCredentials(std::string_view body) {
  K2I_ASSIGN_OR_RETURN(const json document, ParseJson(body, "credentials"));
  const JsonView answer(document, "credentials");
  if (!document.is_object()) return answer.Malformed("is not an object");
  return CredentialsOf(answer);
}

std::string CreateNamespaceBody(const std::vector<std::string>& name_space) {
  return JsonText({{"namespace", name_space}, {"properties", json::object()}});
}

Result<std::string> CreateTableBody(const std::string& name, const CreateTableRequest& request, int64_t now_ms,
                                    bool staged) {
  // Made here as a catalog would make it: what is illegal is found before anything is sent, and the ids in schema, spec
  // and order agree. The server assigns its own afresh, in the same order.
  const std::string location = request.location.empty() ? "file:///to-be-chosen" : request.location;
  K2I_ASSIGN_OR_RETURN(const TableMetadata made, NewTableMetadata(request, location, "not-sent", now_ms));
  StringMap properties = request.properties;
  properties["format-version"] = std::to_string(made.format_version);
  json body = {{"name", name},
               {"schema", SchemaToJson(made.current_schema())},
               {"partition-spec", PartitionSpecToJson(made.default_spec())},
               {"write-order", SortOrderToJson(made.default_sort_order())},
               {"stage-create", staged},
               {"properties", properties}};
  if (!request.location.empty()) body["location"] = request.location;
  return JsonText(body);
}

std::string RegisterTableBody(const std::string& name, const std::string& metadata_location) {
  return JsonText({{"name", name}, {"metadata-location", metadata_location}});
}

std::string RenameTableBody(const TableIdentifier& from, const TableIdentifier& to) {
  return JsonText({{"source", IdentifierToJson(from)}, {"destination", IdentifierToJson(to)}});
}

std::string CommitTableBody(const TableChange& change) { return JsonText(ChangeToJson(change)); }

std::string CommitTransactionBody(const std::vector<TableChange>& changes) {
  json body = {{"table-changes", json::array()}};
  for (const TableChange& change : changes) body["table-changes"].push_back(ChangeToJson(change));
  return JsonText(body);
}

std::string CommitReportBody(const TableIdentifier& table, const Snapshot& snapshot,
                             std::chrono::nanoseconds duration) {
  json metrics = {
      {"total-duration", {{"count", 1}, {"time-unit", "nanoseconds"}, {"total-duration", duration.count()}}}};
  for (const SummaryCounter& each : kSummaryCounters) {
    const std::string text = Lookup(snapshot.summary, each.summary_key, "");
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc()) metrics[each.counter] = {{"unit", each.unit}, {"value", value}};
  }
  return JsonText({{"report-type", "commit-report"},
                   {"table-name", table.ToString()},
                   {"snapshot-id", snapshot.snapshot_id},
                   {"sequence-number", snapshot.sequence_number},
                   {"operation", Lookup(snapshot.summary, "operation", "append")},
                   {"metrics", metrics}});
}

}  // namespace k2i::iceberg
