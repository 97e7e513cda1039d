// SPDX-License-Identifier: Apache-2.0
#include "maintenance/orphan_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace k2i::maintenance {
namespace {

uint64_t HashOf(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kNotSupported, std::move(message), Component::kStorage);
}

/// Names that are not Iceberg's to delete, as its Java library sees it: hidden files and folders (checksums, the logs
/// of Delta and Hudi beside an Iceberg table), but those that are a partition ("_c=1"); and the pointer of Hadoop
/// tables. A temporary file of the local store's, left by a crash, is ours.
bool IsOthersOwn(std::string_view below) {
  if (below == "metadata/version-hint.text") return true;
  for (size_t begin = 0; begin < below.size();) {
    const size_t end = std::min(below.find('/', begin), below.size());
    const std::string_view step = below.substr(begin, end - begin);
    const bool hidden = step.starts_with('.') || step.starts_with('_');
    const bool ours = end == below.size() && step.starts_with(".k2i-") && step.ends_with(".tmp");
    if (hidden && !ours && step.find('=') == std::string_view::npos) return true;
    begin = end + 1;
  }
  return false;
}

Status CheckNotShared(const LocationKey& own, const TableRoots& other) {
  for (const std::string& location : other.roots) {
    K2I_ASSIGN_OR_RETURN(const LocationKey theirs, LocationKey::Of(location));
    if (!own.Holds(theirs) && !theirs.Holds(own)) continue;
    return Refuse(
        fmt::format("the table's location {} is shared with table {}, which keeps files at {}: whose they are "
                    "cannot be told; move one of the tables to a location of its own",
                    own.ToString(), other.table, location));
  }
  return {};
}

}  // namespace

Result<int64_t> OrphanCutoff(int64_t older_than_ms, bool force, int64_t now_ms) {
  if (older_than_ms <= now_ms - kDayMs || force) return std::min(older_than_ms, now_ms);
  return Fail(ErrorCode::kInvalidArgument,
              "files younger than a day may be those of a flush that is not committed yet; say "
              "--force-younger-than-a-day if nothing writes to the table",
              Component::kConfig);
}

TableRoots RootsOf(std::string table, const iceberg::TableMetadata& metadata) {
  TableRoots roots{std::move(table), {metadata.location}};
  for (const char* key :
       {"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}) {
    const std::string path = metadata.PropertyOr(key, "");
    if (!path.empty()) roots.roots.push_back(path);
  }
  return roots;
}

Status CheckUnshared(const TableRoots& own, const std::vector<TableRoots>& others, const std::string& warehouse) {
  K2I_ASSIGN_OR_RETURN(const LocationKey location, LocationKey::Of(own.roots.at(0)));
  if (location.path.empty()) {
    return Refuse("the table's location is all of " + location.root + ", which holds more than the table");
  }
  // A warehouse that is a name rather than a location holds nothing.
  const auto house = LocationKey::Of(warehouse);
  if (house.has_value() && location.Holds(*house)) {
    return Refuse("the table's location " + location.ToString() +
                  " is the warehouse's: files of other tables may be there; move the table to a location of its own");
  }
  for (const TableRoots& other : others) K2I_RETURN_IF_ERROR(CheckNotShared(location, other));
  return {};
}

Result<OrphanFinder> OrphanFinder::Make(std::string_view location, int64_t cutoff_ms) {
  K2I_ASSIGN_OR_RETURN(LocationKey root, LocationKey::Of(location));
  return OrphanFinder(std::move(root), cutoff_ms);
}

Status OrphanFinder::AddReachable(std::string_view location) {
  K2I_ASSIGN_OR_RETURN(const LocationKey key, LocationKey::Of(location));
  if (root_.Holds(key)) {
    inside_.insert(HashOf(key.path));
    return {};
  }
  const std::string_view path = key.path;
  for (size_t begin = 0; begin < path.size();) {
    suffixes_outside_.insert(HashOf(path.substr(begin)));
    const size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) break;
    begin = slash + 1;
  }
  return {};
}

Result<bool> OrphanFinder::IsOrphan(const io::FileInfo& file) const {
  if (file.modified_ms >= cutoff_ms_ || file.location.ends_with('/')) return false;
  K2I_ASSIGN_OR_RETURN(const LocationKey key, LocationKey::Of(file.location));
  if (!root_.Holds(key)) {
    return Fail(ErrorCode::kInternal, file.location + " was listed, but is not below " + root_.ToString(),
                Component::kStorage);
  }
  if (inside_.contains(HashOf(key.path))) return false;
  const std::string_view below = std::string_view(key.path).substr(std::min(root_.path.size() + 1, key.path.size()));
  if (IsOthersOwn(below)) return false;
  if (suffixes_outside_.contains(HashOf(below))) {
    return Refuse(
        fmt::format("{} may be a file of the table, which refers to one of that name in another place "
                    "(another spelling of the bucket, or a link); make the table's location and its files "
                    "agree, or remove the file by hand",
                    file.location));
  }
  return true;
}

FileKind KindByName(std::string_view location) {
  const auto ends = [&](std::string_view end) { return location.ends_with(end); };
  const std::string_view name = location.substr(location.rfind('/') + 1);
  if (ends(".metadata.json") || ends(".metadata.json.gz")) return FileKind::kMetadata;
  if (ends(".stats") || ends(".puffin")) return FileKind::kStatistics;
  if (ends(".avro") && name.starts_with("snap-")) return FileKind::kManifestList;
  const bool metadata = location.find("/metadata/") != std::string_view::npos;
  if (ends(".avro") && metadata) return FileKind::kManifest;
  if (ends(".parquet") || ends(".orc") || ends(".avro")) return FileKind::kData;
  return FileKind::kOther;
}

}  // namespace k2i::maintenance
