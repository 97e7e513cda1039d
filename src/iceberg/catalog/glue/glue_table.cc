// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "iceberg/catalog/metastore_type.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;

// Glue web API: Column, TableInput.
constexpr size_t kLongestNameBytes = 255;
constexpr size_t kLongestTypeBytes = 131'072;
constexpr size_t kLongestCommentBytes = 255;
constexpr size_t kLongestDescriptionBytes = 2'048;

std::string StringMember(const json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

json Member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? json() : *found;
}

/// Types that Glue does not have are named as Iceberg's Java library names them.
const MetastoreTypeNames kNames = {.timestamp_tz = "timestamp",
                                   .timestamp_ns = "timestamp_nano",
                                   .timestamp_tz_ns = "timestamp_nano",
                                   .unknown = "unknown"};

std::map<std::string, std::string> CommentsOf(const json& existing) {
  std::map<std::string, std::string> comments;
  for (const json& column : Member(Member(existing, "StorageDescriptor"), "Columns")) {
    if (std::string comment = StringMember(column, "Comment"); !comment.empty()) {
      comments[StringMember(column, "Name")] = std::move(comment);
    }
  }
  return comments;
}

json Column(const NestedField& field, bool current, const std::map<std::string, std::string>& comments) {
  json column = {{"Name", field.name},
                 {"Type", GlueTypeText(*field.type)},
                 {"Parameters",
                  {{"iceberg.field.id", std::to_string(field.field_id)},
                   {"iceberg.field.optional", field.optional ? "true" : "false"},
                   {"iceberg.field.current", current ? "true" : "false"}}}};
  std::string comment = field.doc;
  if (const auto kept = comments.find(field.name); comment.empty() && kept != comments.end()) comment = kept->second;
  if (!comment.empty()) column["Comment"] = Utf8Prefix(comment, kLongestCommentBytes);
  return column;
}

/// Glue would refuse the whole table for such a column, which is there for people alone.
bool TooLongForGlue(const NestedField& field) {
  return field.name.size() > kLongestNameBytes || GlueTypeText(*field.type).size() > kLongestTypeBytes;
}

/// The columns of the current schema, then those of older ones whose names are gone.
json Columns(const TableMetadata& metadata, const json& existing) {
  const auto comments = CommentsOf(existing);
  json columns = json::array();
  std::set<std::string> names;
  const auto add = [&](const Schema& schema, bool current) {
    for (const NestedField& field : schema.fields()) {
      if (names.insert(field.name).second && !TooLongForGlue(field))
        columns.push_back(Column(field, current, comments));
    }
  };
  add(metadata.current_schema(), true);
  for (const Schema& schema : metadata.schemas) {
    if (schema.schema_id != metadata.current_schema_id) add(schema, false);
  }
  return columns;
}

json StorageDescriptor(const TableMetadata& metadata, const json& existing) {
  json descriptor = {{"Location", metadata.location}, {"Columns", Columns(metadata, existing)}};
  std::set<std::string> elsewhere;
  for (const char* property :
       {"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}) {
    if (std::string path = metadata.PropertyOr(property, ""); !path.empty()) elsewhere.insert(std::move(path));
  }
  if (!elsewhere.empty()) descriptor["AdditionalLocations"] = elsewhere;
  return descriptor;
}

json Parameters(const LoadedTable& next, const json& existing) {
  json parameters = Member(existing, "Parameters");
  if (!parameters.is_object()) parameters = json::object();
  const std::string previous = StringMember(parameters, "metadata_location");
  parameters["table_type"] = "ICEBERG";
  parameters["metadata_location"] = next.metadata_location;
  if (!previous.empty()) parameters["previous_metadata_location"] = previous;
  return parameters;
}

}  // namespace

bool IsIcebergTable(const json& table) {
  return EqualsIgnoringCase(StringMember(Member(table, "Parameters"), "table_type"), "ICEBERG");
}

Result<GlueTable> ReadGlueTable(const json& table, const TableIdentifier& identifier) {
  const auto refuse = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "Glue has a table " + identifier.ToString() + ", but " + why,
                Component::kCatalog);
  };
  if (!IsIcebergTable(table)) return refuse("it is no Iceberg table (parameter table_type)");
  GlueTable found{.metadata_location = StringMember(Member(table, "Parameters"), "metadata_location"),
                  .version_id = StringMember(table, "VersionId")};
  if (found.metadata_location.empty()) return refuse("it has no parameter metadata_location");
  return found;
}

json GlueTableInput(const LoadedTable& next, const json& existing) {
  const TableMetadata& metadata = *next.metadata;
  json input = {{"Name", next.identifier.name},
                {"TableType", "EXTERNAL_TABLE"},
                {"Parameters", Parameters(next, existing)},
                {"StorageDescriptor", StorageDescriptor(metadata, existing)}};
  for (const char* kept : {"Owner", "Description", "Retention"}) {
    if (json value = Member(existing, kept); !value.is_null()) input[kept] = std::move(value);
  }
  if (const std::string comment = metadata.PropertyOr("comment", ""); !comment.empty()) {
    input["Description"] = Utf8Prefix(comment, kLongestDescriptionBytes);
  }
  return input;
}

std::string GlueTypeText(const Type& type) { return MetastoreType(type, kNames); }

}  // namespace k2i::iceberg
