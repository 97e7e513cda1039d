// SPDX-License-Identifier: Apache-2.0
//
// Files that table metadata names itself, without reading any of them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "iceberg/model/table_metadata.h"

namespace k2i::maintenance {

enum class FileKind { kData, kDelete, kManifest, kManifestList, kStatistics, kMetadata, kOther };
inline constexpr std::array kFileKinds = {FileKind::kData,         FileKind::kDelete,     FileKind::kManifest,
                                          FileKind::kManifestList, FileKind::kStatistics, FileKind::kMetadata,
                                          FileKind::kOther};
/// "data", "delete", "manifest", "manifest-list", "statistics", "metadata", "other"
std::string_view ToString(FileKind kind);

inline constexpr int64_t kUnknownSize = -1;

struct TableFile {
  FileKind kind = FileKind::kOther;
  std::string location;
  int64_t size_bytes = kUnknownSize;  // as the store has listed it
};

/// Statistics and partition statistics. Corruption for entries that cannot be read: what they hold is not known.
Result<std::vector<TableFile>> StatisticsFiles(const iceberg::TableMetadata& table);

/// The metadata file itself (`metadata_location`; may be empty, as some REST catalogs do not tell it) and those of its
/// log.
std::vector<TableFile> MetadataFiles(const iceberg::TableMetadata& table, const std::string& metadata_location);

/// NotSupported where what a snapshot reaches cannot be read: no manifest list (v1), or an encrypted one.
Status CheckReadable(const iceberg::TableMetadata& table);

/// InvalidConfig where the property gc.enabled says that files of this table are not to be deleted.
Status CheckMayDelete(const iceberg::TableMetadata& table);

}  // namespace k2i::maintenance
