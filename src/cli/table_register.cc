// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/maintenance_options.h"
#include "cli/table_command.h"
#include "datafile/foreign_file.h"
#include "iceberg/catalog/metadata_file.h"
#include "iceberg/model/name_mapping.h"
#include "ingest/row_schema.h"
#include "ingest/table_opening.h"
#include "maintenance/file_adoption.h"
#include "record/declared_schema.h"

namespace k2i::cli {
namespace {

using iceberg::LoadedTable;
using nlohmann::ordered_json;

constexpr size_t kMostFiles = 100'000;

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Component::kConfig);
}

/// "./x.parquet" as "file:///work/x.parquet"; locations with a scheme as they are.
std::string Absolute(const std::string& location) {
  if (location.find(":/") != std::string::npos) return location;
  std::error_code error;
  const auto path = std::filesystem::absolute(location, error).lexically_normal();
  return error ? location : "file://" + path.string();
}

Status RegisterMetadata(TableDesk& desk) {
  const std::string location = Absolute(desk.flags.metadata);
  K2I_RETURN_IF_ERROR(desk.parts.store->Stat(location));
  K2I_ASSIGN_OR_RETURN(const auto metadata, iceberg::ReadMetadataFile(*desk.parts.store, location));
  const ordered_json said{{"table", desk.table.ToString()},          {"metadata_location", location},
                          {"location", metadata->location},          {"format_version", metadata->format_version},
                          {"snapshots", metadata->snapshots.size()}, {"registered", !desk.flags.dry_run}};
  if (!desk.flags.dry_run) {
    K2I_RETURN_IF_ERROR(desk.parts.catalog->EnsureNamespace(desk.table.name_space));
    K2I_RETURN_IF_ERROR(desk.parts.catalog->RegisterTable(desk.table, location));
  }
  if (desk.flags.json) {
    std::printf("%s\n", said.dump().c_str());
    return {};
  }
  std::printf("table %s at %s: format version %d, %zu snapshots\n", desk.table.ToString().c_str(),
              metadata->location.c_str(), metadata->format_version, metadata->snapshots.size());
  if (metadata->format_version < 2) std::printf("K2I writes to it after `k2i table upgrade`\n");
  std::printf(desk.flags.dry_run ? "nothing has been changed (--dry-run)\n"
                                 : "registered; whoever commits to it by another catalog forks it from now on\n");
  return {};
}

/// The files of --parquet, folders looked through.
Result<std::vector<std::string>> FilesOf(TableDesk& desk) {
  std::vector<std::string> files;
  for (const std::string& given : desk.flags.parquet) {
    if (!given.ends_with('/')) {
      files.push_back(Absolute(given));
      continue;
    }
    K2I_RETURN_IF_ERROR(desk.parts.store->ForEachFile(Absolute(given), [&](const io::FileInfo& file) -> Status {
      const std::string name = file.location.substr(file.location.rfind('/') + 1);
      if (!name.ends_with(".parquet") || name.starts_with('_') || name.starts_with('.')) return {};
      files.push_back(file.location);
      if (files.size() <= kMostFiles) return {};
      return Refuse(fmt::format("more than {} files: register them folder by folder", kMostFiles));
    }));
  }
  std::ranges::sort(files);
  if (files.empty()) return Refuse("there is no *.parquet file in the folders given");
  return files;
}

/// Of a table that is not there yet: what the configuration declares, else the columns of the first file and those that
/// K2I fills in itself.
Result<iceberg::Schema> ColumnsOfNewTable(TableDesk& desk, const std::string& file) {
  const auto rows = MakeRowOptions(desk.config);
  K2I_ASSIGN_OR_RETURN(auto declared, ingest::DeclaredSchema(rows));
  if (declared) return *std::move(declared);
  K2I_ASSIGN_OR_RETURN(const auto found, datafile::ColumnsOfFile(*desk.parts.store, file, arrow::system_memory_pool()));
  auto fields = found.fields();
  if (std::ranges::any_of(fields, [](const auto& field) { return field.field_id != 0; })) {
    return Refuse(file +
                  " carries field ids of another table, and a new table gives out its own: write it anew, or "
                  "register the table it is of by --metadata");
  }
  const auto own = record::SchemaFromDeclaration({}, rows.decoder);
  for (const auto& field : own ? own->fields() : std::vector<iceberg::NestedField>()) {
    if (found.FindField(field.name) == nullptr) fields.push_back(field);
  }
  return iceberg::Schema{.type = iceberg::Type::Struct(std::move(fields))};
}

/// The table, made or given a name mapping if need be; `dry`: as it would be.
Result<LoadedTable> PrepareTable(TableDesk& desk, const std::string& first_file, bool dry) {
  auto options = MakeTableOptions(desk.config);
  options.identifier = desk.table;
  options.auto_create = true;
  K2I_ASSIGN_OR_RETURN(auto found, ingest::FindTable(*desk.parts.catalog, options));
  if (!found) {
    K2I_ASSIGN_OR_RETURN(const auto schema, ColumnsOfNewTable(desk, first_file));
    if (!dry) return ingest::CreateTable(*desk.parts.catalog, options, schema);
    K2I_ASSIGN_OR_RETURN(const auto request, ingest::MakeCreateRequest(options, schema));
    K2I_ASSIGN_OR_RETURN(auto metadata, iceberg::NewTableMetadata(request, "dry-run:/", desk.random.Uuid(), 0));
    return LoadedTable{desk.table, "", std::make_shared<const iceberg::TableMetadata>(std::move(metadata)), {}};
  }
  K2I_RETURN_IF_ERROR(ingest::CheckTableWritable(options, *found->metadata));
  if (found->metadata->properties.contains(iceberg::kNameMappingProperty)) return *std::move(found);
  const auto& metadata = *found->metadata;
  const std::map<std::string, std::string> mapping{
      {iceberg::kNameMappingProperty, iceberg::NameMappingJson(metadata.current_schema())}};
  const std::vector<iceberg::TableUpdate> updates{iceberg::update::SetProperties{mapping}};
  if (!dry) {
    return desk.parts.catalog->CommitTable(*found,
                                           {iceberg::requirement::AssertTableUuid{metadata.table_uuid},
                                            iceberg::requirement::AssertCurrentSchemaId{metadata.current_schema_id}},
                                           updates, desk.random.TimeOrderedUuid(desk.clock.wall_ms()));
  }
  K2I_ASSIGN_OR_RETURN(auto mapped, iceberg::ApplyUpdates(metadata, "", updates, metadata.last_updated_ms));
  found->metadata = std::make_shared<const iceberg::TableMetadata>(std::move(mapped));
  return *std::move(found);
}

void Tell(const TableDesk& desk, const maintenance::AdoptedFiles& adopted) {
  if (desk.flags.json) {
    const ordered_json said{{"table", desk.table.ToString()},
                            {"files", adopted.files},
                            {"rows", adopted.rows},
                            {"bytes", adopted.bytes},
                            {"snapshot_id", adopted.snapshot_id ? ordered_json(*adopted.snapshot_id) : ordered_json()}};
    std::printf("%s\n", said.dump().c_str());
    return;
  }
  std::printf("table %s: %lld files, %lld rows, %lld bytes\n", desk.table.ToString().c_str(),
              static_cast<long long>(adopted.files), static_cast<long long>(adopted.rows),
              static_cast<long long>(adopted.bytes));
  if (adopted.snapshot_id) {
    std::printf(
        "registered in snapshot %lld; the files lie where they were, and are the table's to delete from now on\n",
        static_cast<long long>(*adopted.snapshot_id));
  } else {
    std::printf("nothing has been changed (--dry-run)\n");
  }
}

Status RegisterParquet(TableDesk& desk, std::stop_token stop) {
  K2I_ASSIGN_OR_RETURN(const auto locations, FilesOf(desk));
  // Nothing is made before every file is known to fit.
  K2I_ASSIGN_OR_RETURN(const auto planned, PrepareTable(desk, locations.front(), /*dry=*/true));
  std::vector<iceberg::DataFile> files;
  maintenance::AdoptedFiles adopted;
  for (const std::string& location : locations) {
    if (stop.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped; no file has been registered");
    K2I_ASSIGN_OR_RETURN(auto file, datafile::DescribeForeignFile(*desk.parts.store, location, *planned.metadata,
                                                                  arrow::system_memory_pool()));
    ++adopted.files;
    adopted.rows += file.record_count;
    adopted.bytes += file.file_size_in_bytes;
    files.push_back(std::move(file));
  }
  if (!desk.flags.dry_run) {
    K2I_ASSIGN_OR_RETURN(const auto table, PrepareTable(desk, locations.front(), /*dry=*/false));
    const bool same = table.metadata->current_schema().type->Equals(*planned.metadata->current_schema().type) &&
                      table.metadata->default_spec_id == planned.metadata->default_spec_id;
    if (!same) return Fail(ErrorCode::kCommitConflict, "the table has been changed meanwhile: try again");
    K2I_ASSIGN_OR_RETURN(
        adopted, maintenance::AdoptFiles({*desk.parts.catalog, desk.clock, desk.random}, *desk.parts.store, table,
                                         files, MakeReplaceOptions(desk.config), std::move(stop)));
  }
  Tell(desk, adopted);
  return {};
}

}  // namespace

Status RegisterTable(TableDesk& desk) {
  return desk.flags.metadata.empty() ? RegisterParquet(desk, desk.stop) : RegisterMetadata(desk);
}

}  // namespace k2i::cli
