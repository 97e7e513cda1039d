// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/hive/hive_catalog.h"

#include <ThriftHiveMetastore.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "iceberg/catalog/hive/hive_columns.h"
#include "iceberg/catalog/metadata_file.h"
#include "iceberg/catalog/pointer_commit.h"

namespace k2i::iceberg {
namespace {

constexpr const char* kLocation = "metadata_location";
constexpr const char* kPrevious = "previous_metadata_location";
constexpr const char* kTableType = "table_type";
constexpr const char* kKeptBy = "_k2i";  // names with an underscore are no data to Hive

std::unexpected<Error> Refuse(ErrorCode code, std::string message) {
  return Fail(code, std::move(message), Component::kCatalog);
}

std::string Parameter(const hive_thrift::Table& entry, const char* key) {
  const auto found = entry.parameters.find(key);
  return found == entry.parameters.end() ? "" : found->second;
}

/// "file:/a" of Hadoop as "file:///a", which all readers take; no slash at the end.
std::string Uri(std::string location) {
  if (location.starts_with("file:/") && !location.starts_with("file://")) location.insert(5, "//");
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  return location;
}

std::vector<hive_thrift::FieldSchema> Columns(const Schema& schema) {
  std::vector<hive_thrift::FieldSchema> columns;
  for (const HiveColumn& column : HiveColumns(schema)) {
    hive_thrift::FieldSchema& added = columns.emplace_back();
    added.name = column.name;
    added.type = column.type;
    if (!column.comment.empty()) added.__set_comment(column.comment);
  }
  return columns;
}

/// What of an entry follows the table's metadata.
void Describe(const LoadedTable& table, const std::string& before, hive_thrift::Table& entry) {
  entry.parameters[kLocation] = table.metadata_location;
  if (!before.empty()) entry.parameters[kPrevious] = before;
  entry.parameters["uuid"] = table.metadata->table_uuid;
  entry.sd.__set_location(table.metadata->location);
  entry.sd.cols = Columns(table.metadata->current_schema());
}

/// The entry of a new table, with the formats by which Hive itself reads Iceberg tables.
hive_thrift::Table NewEntry(const std::string& database, const std::string& name, int64_t now_ms) {
  hive_thrift::Table entry;
  entry.tableName = name;
  entry.dbName = database;
  entry.__set_owner("k2i");
  entry.__set_createTime(static_cast<int32_t>(now_ms / 1'000));
  entry.__set_lastAccessTime(static_cast<int32_t>(now_ms / 1'000));
  entry.__set_retention(INT32_MAX);
  entry.__set_tableType("EXTERNAL_TABLE");
  entry.__set_partitionKeys({});
  entry.parameters = {{"EXTERNAL", "TRUE"}, {kTableType, "ICEBERG"}};
  hive_thrift::SerDeInfo serde;
  serde.__set_serializationLib("org.apache.iceberg.mr.hive.HiveIcebergSerDe");
  hive_thrift::StorageDescriptor storage;
  storage.__set_inputFormat("org.apache.iceberg.mr.hive.HiveIcebergInputFormat");
  storage.__set_outputFormat("org.apache.iceberg.mr.hive.HiveIcebergOutputFormat");
  storage.__set_serdeInfo(serde);
  entry.__set_sd(storage);
  return entry;
}

/// Statistics are Iceberg's business; to gather its own the metastore would list the table's folder.
hive_thrift::EnvironmentContext Quietly() {
  hive_thrift::EnvironmentContext context;
  context.properties = {{"DO_NOT_UPDATE_STATS", "true"}};
  return context;
}

}  // namespace

HiveCatalog::HiveCatalog(HiveCatalogOptions options, io::ObjectStore& store, Clock& clock, Random& random)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      random_(random),
      reader_(store),
      client_(options_.client),
      locks_(client_, clock, random, options_.lock_timeout) {}

Result<HiveCatalog::Name> HiveCatalog::NameOf(const TableIdentifier& table) {
  if (table.name_space.size() != 1) {
    return Refuse(ErrorCode::kInvalidArgument,
                  table.ToString() + ": a database of Hive is one level; it cannot hold dots");
  }
  return Name{LowerAscii(table.name_space[0]), LowerAscii(table.name)};
}

Status HiveCatalog::Ping() {
  std::vector<std::string> databases;
  return client_.Ask("get_all_databases", [&](auto& hive) { hive.get_all_databases(databases); });
}

Status HiveCatalog::EnsureNamespace(const std::vector<std::string>& name_space) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf({name_space, ""}));
  if (DatabaseLocation(name.database).has_value()) return {};
  hive_thrift::Database database;
  database.name = name.database;
  if (!options_.warehouse.empty()) {
    database.__set_locationUri(Uri(options_.warehouse) + "/" + name.database + ".db");
    K2I_RETURN_IF_ERROR(KeepFolder(database.locationUri));
  }
  const Status made =
      client_.Tell("create_database " + name.database, [&](auto& hive) { hive.create_database(database); });
  if (made.has_value() || made.error().code == ErrorCode::kAlreadyExists) return {};
  if (DatabaseLocation(name.database).has_value()) return {};  // who came second may be told otherwise
  // Not a commit: it is asked for again.
  Error error = made.error();
  if (error.code == ErrorCode::kCommitStateUnknown) error.code = ErrorCode::kUnavailable;
  return std::unexpected(std::move(error));
}

/// The metastore makes the folder of a database, and deletes what it has made, with all that is in it by then, when the
/// database turns out to be there: of two processes that make it at once, the second would take the tables of the first
/// away. A folder with something in it already is not of its making.
Status HiveCatalog::KeepFolder(const std::string& folder) {
  Status kept =
      store_.Create(folder + "/" + kKeptBy, "This file keeps the folder from being made, and deleted, by Hive.\n");
  if (!kept.has_value() && kept.error().code == ErrorCode::kAlreadyExists) return {};
  return kept;
}

Result<std::string> HiveCatalog::DatabaseLocation(const std::string& database) {
  hive_thrift::Database found;
  K2I_RETURN_IF_ERROR(client_.Ask("get_database " + database, [&](auto& hive) { hive.get_database(found, database); }));
  return Uri(found.locationUri);
}

Result<hive_thrift::Table> HiveCatalog::Entry(const Name& name) {
  hive_thrift::GetTableRequest request;
  request.dbName = name.database;
  request.tblName = name.table;
  hive_thrift::GetTableResult answer;
  const std::string what = name.database + "." + name.table;
  K2I_RETURN_IF_ERROR(client_.Ask("get_table " + what, [&](auto& hive) { hive.get_table_req(answer, request); }));
  if (!EqualsIgnoringCase(Parameter(answer.table, kTableType), "iceberg")) {
    return Refuse(ErrorCode::kNotFound, what + " is a table of Hive, but none of Iceberg's");
  }
  if (Parameter(answer.table, kLocation).empty()) {
    return Refuse(ErrorCode::kCorruption, "table " + what + " has no " + kLocation);
  }
  return std::move(answer.table);
}

Result<LoadedTable> HiveCatalog::LoadTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf(table));
  K2I_ASSIGN_OR_RETURN(const hive_thrift::Table entry, Entry(name));
  std::string location = Parameter(entry, kLocation);
  K2I_ASSIGN_OR_RETURN(auto metadata, reader_.Read(location));
  return LoadedTable{table, std::move(location), std::move(metadata), {}};
}

Result<LoadedTable> HiveCatalog::CreateTable(const TableIdentifier& table, const CreateTableRequest& request) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf(table));
  if (Entry(name).has_value()) return Refuse(ErrorCode::kAlreadyExists, "table " + table.ToString() + " exists");
  std::string location;
  if (request.location.empty()) {
    K2I_ASSIGN_OR_RETURN(location, DatabaseLocation(name.database));
    location += "/" + name.table;
  }
  return CreateByPointer({store_, reader_, clock_, random_}, table, request, location,
                         [&](const LoadedTable& created) { return AddEntry(name, created); });
}

Result<LoadedTable> HiveCatalog::RegisterTable(const TableIdentifier& table, const std::string& metadata_location) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf(table));
  if (Entry(name).has_value()) return Refuse(ErrorCode::kAlreadyExists, "table " + table.ToString() + " exists");
  return RegisterByPointer({store_, reader_, clock_, random_}, table, metadata_location,
                           [&](const LoadedTable& registered) { return AddEntry(name, registered); });
}

Status HiveCatalog::AddEntry(const Name& name, const LoadedTable& table) {
  hive_thrift::Table entry = NewEntry(name.database, name.table, clock_.wall_ms());
  Describe(table, "", entry);
  Status made = client_.Tell("create_table " + table.identifier.ToString(),
                             [&](auto& hive) { hive.create_table_with_environment_context(entry, Quietly()); });
  if (made.has_value() || made.error().code == ErrorCode::kAlreadyExists) return made;
  return Resolve(name, "", table, made.error());
}

Result<LoadedTable> HiveCatalog::CommitTable(const LoadedTable& base, const std::vector<TableRequirement>& requirements,
                                             const std::vector<TableUpdate>& updates, const std::string&) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf(base.identifier));
  K2I_ASSIGN_OR_RETURN(const LoadedTable current, LoadTable(base.identifier));
  const PointerSwap publish = [&](const LoadedTable& next) -> Status {
    const Status published = Publish(name, current, next);
    if (published.has_value()) return {};
    return std::unexpected(published.error().With("committing table " + base.identifier.ToString()));
  };
  return CommitByPointer({store_, reader_, clock_, random_}, current, requirements, updates, publish);
}

Status HiveCatalog::Publish(const Name& name, const LoadedTable& current, const LoadedTable& next) {
  if (!current.metadata->PropertyIsTrue("engine.hive.lock-enabled", options_.lock_enabled))
    return SwapEntry(name, current, next, nullptr);
  K2I_ASSIGN_OR_RETURN(const HiveLocks::Held lock, locks_.Take(name.database, name.table));
  Status swapped = SwapEntry(name, current, next, &lock);
  locks_.GiveBack(lock);
  return swapped;
}

Status HiveCatalog::SwapEntry(const Name& name, const LoadedTable& current, const LoadedTable& next,
                              const HiveLocks::Held* lock) {
  K2I_ASSIGN_OR_RETURN(hive_thrift::Table entry, Entry(name));
  if (Parameter(entry, kLocation) != current.metadata_location) {
    return Refuse(ErrorCode::kCommitConflict, "the table has moved on from " + current.metadata_location);
  }
  Describe(next, current.metadata_location, entry);
  if (lock != nullptr) K2I_RETURN_IF_ERROR(locks_.Keep(*lock));
  const Status altered = Alter(name, entry, current.metadata_location, lock != nullptr);
  if (altered.has_value() || altered.error().code == ErrorCode::kNotSupported) return altered;
  return Resolve(name, current.metadata_location, next, altered.error());
}

Status HiveCatalog::Alter(const Name& name, const hive_thrift::Table& entry, const std::string& expected, bool locked) {
  hive_thrift::EnvironmentContext context = Quietly();
  // Beside a lock too: it holds against writers that take none. Older servers do not look at it.
  context.properties["expected_parameter_key"] = kLocation;
  context.properties["expected_parameter_value"] = expected;
  if (locked) {
    return client_.Tell("alter_table", [&](auto& hive) {
      hive.alter_table_with_environment_context(name.database, name.table, entry, context);
    });
  }
  // The check came with version 4, as this method did: a server without it must not take the commit unchecked.
  hive_thrift::AlterTableRequest request;
  request.dbName = name.database;
  request.tableName = name.table;
  request.table = entry;
  request.__set_environmentContext(context);
  hive_thrift::AlterTableResponse answer;
  Status done = client_.Tell("alter_table_req", [&](auto& hive) { hive.alter_table_req(answer, request); });
  if (!done.has_value() && done.error().code == ErrorCode::kNotSupported) {
    done.error().message += "; this metastore cannot check expected parameters: commits need the lock";
  }
  return done;
}

Status HiveCatalog::Resolve(const Name& name, const std::string& before, const LoadedTable& next, const Error& told) {
  const bool answered = told.code != ErrorCode::kCommitStateUnknown;
  const auto open = [&] {
    Error error = told;
    error.code = ErrorCode::kCommitStateUnknown;
    return std::unexpected(std::move(error));
  };
  const auto entry = Entry(name);
  if (!entry.has_value()) {
    if (!answered || entry.error().code != ErrorCode::kNotFound) return open();
    return before.empty() ? std::unexpected(told) : std::unexpected(entry.error());
  }
  const std::string now = Parameter(*entry, kLocation);
  if (now == next.metadata_location) return {};
  if (now == before) return std::unexpected(told);
  // Somebody else has moved the table: before our change, or upon it.
  const auto metadata = reader_.Read(now);
  if (!metadata.has_value()) return open();
  for (const MetadataLogEntry& earlier : (*metadata)->metadata_log) {
    if (earlier.metadata_file == next.metadata_location) return {};
  }
  if (!answered) return open();
  if (before.empty()) return Refuse(ErrorCode::kAlreadyExists, "somebody else has made the table");
  return Refuse(ErrorCode::kCommitConflict, "the table has moved on from " + before + ": " + told.message);
}

Result<std::vector<TableIdentifier>> HiveCatalog::ListTables() {
  constexpr size_t kBatch = 100;  // entries are large: columns and parameters come with them
  std::vector<std::string> databases;
  K2I_RETURN_IF_ERROR(client_.Ask("get_all_databases", [&](auto& hive) { hive.get_all_databases(databases); }));
  std::vector<TableIdentifier> tables;
  for (const std::string& database : databases) {
    std::vector<std::string> names;
    K2I_RETURN_IF_ERROR(
        client_.Ask("get_all_tables " + database, [&](auto& hive) { hive.get_all_tables(names, database); }));
    for (size_t begin = 0; begin < names.size(); begin += kBatch) {
      hive_thrift::GetTablesRequest request;
      request.dbName = database;
      const auto first = names.begin() + static_cast<ptrdiff_t>(begin);
      request.__set_tblNames({first, first + static_cast<ptrdiff_t>(std::min(kBatch, names.size() - begin))});
      hive_thrift::GetTablesResult answer;
      K2I_RETURN_IF_ERROR(client_.Ask("get_table_objects_by_name",
                                      [&](auto& hive) { hive.get_table_objects_by_name_req(answer, request); }));
      for (const hive_thrift::Table& entry : answer.tables) {
        if (EqualsIgnoringCase(Parameter(entry, kTableType), "iceberg"))
          tables.push_back({{database}, entry.tableName});
      }
    }
  }
  return tables;
}

Status HiveCatalog::DropTable(const TableIdentifier& table) {
  K2I_ASSIGN_OR_RETURN(const Name name, NameOf(table));
  K2I_RETURN_IF_ERROR(Entry(name));
  return client_.Tell("drop_table " + table.ToString(),
                      [&](auto& hive) { hive.drop_table(name.database, name.table, /*deleteData=*/false); });
}

}  // namespace k2i::iceberg
