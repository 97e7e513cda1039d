// SPDX-License-Identifier: Apache-2.0
//
// An Iceberg table as it stands in Glue: pure. Glue's columns and types are for people and for engines that look there
// first (Athena, Lake Formation); the truth is the metadata file. Parameters and types are those of Iceberg's own
// GlueCatalog (IcebergToGlueConverter).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "iceberg/catalog/catalog.h"

namespace k2i::iceberg {

/// What GetTable says of an Iceberg table.
struct GlueTable {
  std::string metadata_location;
  std::string version_id;  // changes with every UpdateTable; empty where the service has none
};
/// InvalidArgument when it is no Iceberg table, or one without metadata.
Result<GlueTable> ReadGlueTable(const nlohmann::json& table, const TableIdentifier& identifier);
/// Whether an element of GetTables is an Iceberg table.
bool IsIcebergTable(const nlohmann::json& table);

/// TableInput that makes Glue point to `next`. `existing`: the Table that GetTable gave, or null for a new one; of it,
/// the parameters, owner, description, retention and the comments of columns stay that `next` says nothing about.
nlohmann::json GlueTableInput(const LoadedTable& next, const nlohmann::json& existing);

/// "struct<a:int,b:array<string>>"
std::string GlueTypeText(const Type& type);

}  // namespace k2i::iceberg
