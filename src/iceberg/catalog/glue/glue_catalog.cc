// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/glue/glue_catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "iceberg/catalog/glue/glue_table.h"
#include "iceberg/catalog/metadata_file.h"
#include "iceberg/catalog/pointer_commit.h"

namespace k2i::iceberg {
namespace {

using nlohmann::json;

constexpr size_t kLongestName = 255;

/// Glue turns capitals into small letters and so would find the table under another name than it was given.
Status CheckName(const std::string& name, const char* what) {
  const bool legal = !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (legal) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "'" + name + "' cannot be the name of a " + what +
                  " in Glue, which takes up to 255 small letters, digits, '_' and '-'",
              Component::kCatalog);
}

Result<std::string> DatabaseName(const std::vector<std::string>& name_space) {
  if (name_space.size() != 1) {
    return Fail(ErrorCode::kInvalidArgument,
                "a namespace has one level in Glue, its database; this one has " + std::to_string(name_space.size()),
                Component::kCatalog);
  }
  K2I_RETURN_IF_ERROR(CheckName(name_space[0], "database"));
  return name_space[0];
}

/// {"DatabaseName": …, "Name": …}
Result<json> TableKey(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(std::string database, DatabaseName(table.name_space));
  K2I_RETURN_IF_ERROR(CheckName(table.name, "table"));
  return json{{"DatabaseName", std::move(database)}, {"Name", table.name}};
}

std::string WithoutTrailingSlashes(std::string location) {
  while (location.ends_with('/')) location.pop_back();
  return location;
}

std::string NameOf(const json& entity) {
  const auto name = entity.is_object() ? entity.find("Name") : entity.end();
  return entity.is_object() && name != entity.end() && name->is_string() ? name->get<std::string>() : "";
}

/// Nothing hangs on whose request has made a table: the next one finds it.
Result<LoadedTable> AskAgainIfUnknown(Result<LoadedTable> made) {
  if (!made.has_value() && made.error().code == ErrorCode::kCommitStateUnknown) {
    made.error().code = ErrorCode::kUnavailable;
  }
  return made;
}

/// The names of the entities in list `member` of a page.
std::vector<std::string> NamesIn(const json& page, const char* member, bool (*wanted)(const json&)) {
  std::vector<std::string> names;
  const auto list = page.find(member);
  if (list == page.end() || !list->is_array()) return names;
  for (const json& entity : *list) {
    if (std::string name = NameOf(entity); !name.empty() && wanted(entity)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

GlueCatalog::GlueCatalog(const GlueCatalogOptions& options, net::HttpTransport& transport, io::ObjectStore& store,
                         Clock& clock, Random& random)
    : warehouse_(WithoutTrailingSlashes(options.warehouse)),
      skip_archive_(options.skip_archive),
      store_(store),
      clock_(clock),
      random_(random),
      reader_(store),
      client_(options.client, transport, clock, random) {}

Status GlueCatalog::Ping() {
  K2I_RETURN_IF_ERROR(client_.Call(GlueOperation::kRead, "GetDatabases", {{"MaxResults", 1}}, "Glue catalog"));
  return {};
}

Status GlueCatalog::EnsureNamespace(const std::vector<std::string>& name_space) {
  K2I_ASSIGN_OR_RETURN(const std::string database, DatabaseName(name_space));
  const auto found =
      client_.Call(GlueOperation::kRead, "GetDatabase", {{"Name", database}}, "look up Glue database " + database);
  if (found.has_value()) return {};
  if (found.error().code != ErrorCode::kNotFound) return std::unexpected(found.error());
  const auto created = client_.Call(GlueOperation::kCreate, "CreateDatabase", {{"DatabaseInput", {{"Name", database}}}},
                                    "create Glue database " + database);
  if (created.has_value() || created.error().code == ErrorCode::kAlreadyExists) return {};
  Error error = created.error();
  // Nothing hangs on whose request made it: ask again.
  if (error.code == ErrorCode::kCommitStateUnknown) error.code = ErrorCode::kUnavailable;
  return std::unexpected(std::move(error));
}

Result<json> GlueCatalog::GetTable(const TableIdentifier& table, const std::string& what) {
  K2I_ASSIGN_OR_RETURN(json key, TableKey(table));
  K2I_ASSIGN_OR_RETURN(json answer, client_.Call(GlueOperation::kRead, "GetTable", std::move(key), what));
  return std::move(answer["Table"]);
}

Result<LoadedTable> GlueCatalog::LoadTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const json found, GetTable(table, "load table " + table.ToString()));
  K2I_ASSIGN_OR_RETURN(GlueTable glue_table, ReadGlueTable(found, table));
  K2I_ASSIGN_OR_RETURN(auto metadata, reader_.Read(glue_table.metadata_location));
  return LoadedTable{table, std::move(glue_table.metadata_location), std::move(metadata), {}};
}

Result<std::string> GlueCatalog::NewTableLocation(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const std::string database, DatabaseName(table.name_space));
  K2I_ASSIGN_OR_RETURN(const json answer, client_.Call(GlueOperation::kRead, "GetDatabase", {{"Name", database}},
                                                       "create table " + table.ToString()));
  const json location = answer.value("/Database/LocationUri"_json_pointer, json());
  if (location.is_string() && !location.get_ref<const std::string&>().empty()) {
    return WithoutTrailingSlashes(location.get<std::string>()) + "/" + table.name;
  }
  if (!warehouse_.empty()) return warehouse_ + "/" + database + ".db/" + table.name;
  return Fail(ErrorCode::kInvalidConfig,
              "Glue database " + database + " has no location: give it one, or set 'iceberg.warehouse'",
              Component::kCatalog);
}

Result<LoadedTable> GlueCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& request) {
  K2I_RETURN_IF_ERROR(TableKey(table));
  std::string location = request.location;
  if (location.empty()) {
    K2I_ASSIGN_OR_RETURN(location, NewTableLocation(table));
  }
  return AskAgainIfUnknown(CreateByPointer({store_, reader_, clock_, random_}, table, request, location,
                                           [&](const LoadedTable& created) { return AddTable(created); }));
}

Result<LoadedTable> GlueCatalog::RegisterTable(const TableIdentifier& table, const std::string& metadata_location) {
  const auto there = GetTable(table, "register table " + table.ToString());
  if (there.has_value()) {
    return Fail(ErrorCode::kAlreadyExists, "table " + table.ToString() + " exists", Component::kCatalog);
  }
  if (there.error().code != ErrorCode::kNotFound) return std::unexpected(there.error());
  return AskAgainIfUnknown(RegisterByPointer({store_, reader_, clock_, random_}, table, metadata_location,
                                             [&](const LoadedTable& registered) { return AddTable(registered); }));
}

Status GlueCatalog::AddTable(const LoadedTable& table) {
  K2I_ASSIGN_OR_RETURN(json input, TableKey(table.identifier));
  input.erase("Name");
  input["TableInput"] = GlueTableInput(table, nullptr);
  K2I_RETURN_IF_ERROR(
      client_.Call(GlueOperation::kCreate, "CreateTable", input, "create table " + table.identifier.ToString()));
  return {};
}

Result<LoadedTable> GlueCatalog::CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                             const std::vector<TableUpdate>& updates, const std::string&) {
  const std::string what = "commit to table " + base.identifier.ToString();
  K2I_ASSIGN_OR_RETURN(json input, TableKey(base.identifier));
  input.erase("Name");
  K2I_ASSIGN_OR_RETURN(const json existing, GetTable(base.identifier, what));
  K2I_ASSIGN_OR_RETURN(const GlueTable glue_table, ReadGlueTable(existing, base.identifier));
  if (glue_table.version_id.empty()) {
    return Fail(ErrorCode::kNotSupported,
                what + ": this service gives tables no VersionId, without which a commit could undo another's",
                Component::kCatalog);
  }
  LoadedTable current{base.identifier, glue_table.metadata_location, nullptr, {}};
  K2I_ASSIGN_OR_RETURN(current.metadata, reader_.Read(current.metadata_location));
  return CommitByPointer({store_, reader_, clock_, random_}, current, requirements, updates,
                         [&](const LoadedTable& next) -> Status {
                           input["TableInput"] = GlueTableInput(next, existing);
                           input["SkipArchive"] = skip_archive_;
                           input["VersionId"] = glue_table.version_id;
                           K2I_RETURN_IF_ERROR(client_.Call(GlueOperation::kCommit, "UpdateTable", input, what));
                           return {};
                         });
}

Result<std::vector<TableIdentifier>> GlueCatalog::ListTables() {
  std::vector<std::string> databases;
  const auto take_databases = [&](const json& page) -> Status {
    const auto names = NamesIn(page, "DatabaseList", [](const json&) { return true; });
    databases.insert(databases.end(), names.begin(), names.end());
    return {};
  };
  K2I_RETURN_IF_ERROR(client_.ForEachPage("GetDatabases", json::object(), "list databases", take_databases));
  std::vector<TableIdentifier> tables;
  for (const std::string& database : databases) {
    const auto take_tables = [&](const json& page) -> Status {
      for (std::string& name : NamesIn(page, "TableList", IsIcebergTable)) {
        tables.push_back({{database}, std::move(name)});
      }
      return {};
    };
    K2I_RETURN_IF_ERROR(client_.ForEachPage("GetTables", {{"DatabaseName", database}},
                                            "list tables of database " + database, take_tables));
  }
  return tables;
}

Status GlueCatalog::DropTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(json key, TableKey(table));
  K2I_RETURN_IF_ERROR(
      client_.Call(GlueOperation::kDrop, "DeleteTable", std::move(key), "drop table " + table.ToString()));
  return {};
}

}  // namespace k2i::iceberg
