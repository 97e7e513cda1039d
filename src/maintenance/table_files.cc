// SPDX-License-Identifier: Apache-2.0
#include "maintenance/table_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "iceberg/model/json.h"

namespace k2i::maintenance {

std::string_view ToString(FileKind kind) {
  switch (kind) {
    case FileKind::kData:
      return "data";
    case FileKind::kDelete:
      return "delete";
    case FileKind::kManifest:
      return "manifest";
    case FileKind::kManifestList:
      return "manifest-list";
    case FileKind::kStatistics:
      return "statistics";
    case FileKind::kMetadata:
      return "metadata";
    case FileKind::kOther:
      return "other";
  }
  return "other";
}

Result<std::vector<TableFile>> StatisticsFiles(const iceberg::TableMetadata& table) {
  std::vector<TableFile> files;
  for (const char* member : {"statistics", "partition-statistics"}) {
    const auto text = table.other.find(member);
    if (text == table.other.end()) continue;
    K2I_ASSIGN_OR_RETURN(const auto parsed, iceberg::ParseJson(text->second, member));
    if (parsed.is_null()) continue;
    K2I_ASSIGN_OR_RETURN(const auto entries, iceberg::JsonView(parsed, member).Elements());
    for (const auto& entry : entries) {
      K2I_ASSIGN_OR_RETURN(auto location, entry.Get<std::string>("statistics-path"));
      files.push_back({FileKind::kStatistics, std::move(location)});
    }
  }
  return files;
}

std::vector<TableFile> MetadataFiles(const iceberg::TableMetadata& table, const std::string& metadata_location) {
  std::vector<TableFile> files;
  if (!metadata_location.empty()) files.push_back({FileKind::kMetadata, metadata_location});
  for (const auto& entry : table.metadata_log) {
    files.push_back({FileKind::kMetadata, entry.metadata_file});
  }
  return files;
}

Status CheckReadable(const iceberg::TableMetadata& table) {
  for (const iceberg::Snapshot& snapshot : table.snapshots) {
    if (!snapshot.manifest_list.empty() && !snapshot.key_id) continue;
    return Fail(ErrorCode::kNotSupported,
                "snapshot " + std::to_string(snapshot.snapshot_id) +
                    (snapshot.key_id ? " has an encrypted manifest list" : " has no manifest list (a table of v1)") +
                    ": which files it reaches cannot be told, so none are deleted",
                Component::kCatalog);
  }
  return {};
}

Status CheckMayDelete(const iceberg::TableMetadata& table) {
  const std::string enabled = LowerAscii(table.PropertyOr("gc.enabled", "true"));
  if (enabled == "true") return {};
  return Fail(ErrorCode::kInvalidConfig,
              "the table's property gc.enabled is '" + enabled +
                  "': its files may belong to other tables too, so none are deleted; set it to true if they do not",
              Component::kCatalog);
}

}  // namespace k2i::maintenance
