// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metadata_file.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "base/logging.h"
#include "iceberg/model/gzip.h"
#include "iceberg/update/metadata_folder.h"

namespace k2i::iceberg {
namespace {

constexpr size_t kMaxMetadataBytes = size_t{1} << 30;
constexpr std::string_view kGzipSuffix = ".gz.metadata.json";

std::unexpected<Error> About(const Error& error, const std::string& location) {
  return std::unexpected(error.With(location).In(Component::kStorage));
}

/// 3 of "…/00003-<uuid>.metadata.json"; -1 for other names, such as those of Hadoop tables.
int VersionOf(std::string_view location) {
  const std::string_view name = location.substr(location.rfind('/') + 1);
  int version = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  const bool numbered = error == std::errc() && end != name.data() + name.size() && *end == '-' && version >= 0;
  return numbered ? version : -1;
}

/// Iceberg takes the codec's name in any case of letters.
bool WantsGzip(const TableMetadata& metadata) {
  const std::string codec = metadata.PropertyOr("write.metadata.compression-codec", "");
  return codec.empty() ? metadata.snapshots.size() > kPlainSnapshots : EqualsIgnoringCase(codec, "gzip");
}

}  // namespace

Result<std::shared_ptr<const TableMetadata>> ReadMetadataFile(io::ObjectStore& store, const std::string& location,
                                                              const TableMetadata* known) {
  auto bytes = store.Read(location);
  if (!bytes.has_value()) {
    Error error = std::move(bytes).error();
    // "Not found" would be taken for a table that does not exist.
    if (error.code == ErrorCode::kNotFound) {
      error = {ErrorCode::kCorruption, "the catalog points to this metadata file, which is not there"};
    }
    return About(error, location);
  }
  if (IsGzip(*bytes)) {
    bytes = Gunzip(*bytes, kMaxMetadataBytes);
    if (!bytes.has_value()) return About(bytes.error(), location);
  }
  auto metadata = ParseTableMetadata(*bytes, known);
  if (!metadata.has_value()) return About(metadata.error(), location);
  return std::make_shared<const TableMetadata>(*std::move(metadata));
}

std::string NewMetadataLocation(const TableMetadata& metadata, std::string_view previous, std::string_view uuid) {
  char version[16];
  std::snprintf(version, sizeof(version), "%05d", previous.empty() ? 0 : VersionOf(previous) + 1);
  std::string location = MetadataFolder(metadata) + "/" + version + "-";
  return location.append(uuid).append(WantsGzip(metadata) ? kGzipSuffix : ".metadata.json");
}

Status WriteMetadataFile(io::ObjectStore& store, const std::string& location, const TableMetadata& metadata) {
  const bool gzip = location.ends_with(kGzipSuffix);
  K2I_ASSIGN_OR_RETURN(const std::string bytes,
                       gzip ? TableMetadataGzip(metadata) : Result<std::string>(TableMetadataJson(metadata)));
  Status written = store.Create(location, bytes);
  if (written.has_value()) return {};
  // Nothing points to our file; one that was there before is not ours.
  if (written.error().code != ErrorCode::kAlreadyExists) (void)store.Delete(location);
  return About(written.error(), location);
}

void DeleteOldMetadataFiles(io::ObjectStore& store, const TableMetadata& before, const TableMetadata& after) {
  if (!after.PropertyIsTrue("write.metadata.delete-after-commit.enabled", false)) return;
  std::set<std::string> kept;
  for (const MetadataLogEntry& entry : after.metadata_log) kept.insert(entry.metadata_file);
  for (const MetadataLogEntry& entry : before.metadata_log) {
    if (kept.contains(entry.metadata_file)) continue;
    const Status deleted = store.Delete(entry.metadata_file);
    if (deleted.has_value()) continue;
    log::Warn("metadata_file_not_deleted", {{"file", entry.metadata_file}, {"error", deleted.error().ToString()}});
  }
}

}  // namespace k2i::iceberg
