// SPDX-License-Identifier: Apache-2.0
#include "maintenance/live_files.h"

#include <algorithm>
#include <map>
#include <utility>

#include "iceberg/model/partition_key.h"
#include "iceberg/scan/delete_scope.h"

namespace k2i::maintenance {
namespace {

using iceberg::ManifestEntry;

/// Delete files by where they may apply, so that each data file is compared with few of them.
class DeleteIndex {
 public:
  DeleteIndex(const iceberg::TableMetadata& table, const std::vector<ManifestEntry>& deletes) : table_(table) {
    for (const ManifestEntry& each : deletes) {
      if (const auto path = ReferencedDataFile(each.data_file)) {
        by_path_[*path].push_back(&each);
      } else if (IsGlobalDelete(table, each.data_file)) {
        global_.push_back(&each);
      } else {
        by_partition_[PlaceOf(each)].push_back(&each);
      }
    }
  }

  bool MayApplyTo(const ManifestEntry& data) const {
    const auto any = [&](const std::vector<const ManifestEntry*>& deletes) {
      return std::ranges::any_of(deletes, [&](const auto* each) { return MayDelete(table_, *each, data); });
    };
    const auto path = by_path_.find(data.data_file.file_path);
    const auto place = by_partition_.find(PlaceOf(data));
    return (path != by_path_.end() && any(path->second)) || any(global_) ||
           (place != by_partition_.end() && any(place->second));
  }

 private:
  using Place = std::pair<int32_t, std::string>;
  static Place PlaceOf(const ManifestEntry& entry) {
    return {entry.data_file.spec_id, iceberg::PartitionKey(entry.data_file.partition)};
  }

  const iceberg::TableMetadata& table_;
  std::map<std::string, std::vector<const ManifestEntry*>> by_path_;
  std::map<Place, std::vector<const ManifestEntry*>> by_partition_;
  std::vector<const ManifestEntry*> global_;
};

bool IsParquet(std::string format) {
  std::ranges::transform(format, format.begin(), [](unsigned char c) { return std::toupper(c); });
  return format == "PARQUET";
}

void DropMetrics(iceberg::DataFile& file) {
  file.column_sizes.clear();
  file.value_counts.clear();
  file.null_value_counts.clear();
  file.nan_value_counts.clear();
  file.lower_bounds.clear();
  file.upper_bounds.clear();
  file.split_offsets.clear();
}

}  // namespace

Result<iceberg::SnapshotFiles> ReadLiveFiles(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                             const iceberg::Snapshot& snapshot) {
  K2I_ASSIGN_OR_RETURN(const auto manifests, iceberg::ListManifests(store, snapshot));
  iceberg::SnapshotFiles files;
  for (const auto& manifest : manifests) {
    if (manifest.added_files_count == 0 && manifest.existing_files_count == 0) continue;
    K2I_ASSIGN_OR_RETURN(auto entries, iceberg::ReadManifest(store, table, manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == ManifestEntry::Status::kDeleted) continue;
      const bool data = entry.data_file.content == iceberg::DataFile::Content::kData;
      if (data) DropMetrics(entry.data_file);
      (data ? files.data : files.deletes).push_back(std::move(entry));
    }
  }
  return files;
}

std::vector<PlannedFile> DescribeFiles(const iceberg::TableMetadata& table, const iceberg::SnapshotFiles& files) {
  const DeleteIndex deletes(table, files.deletes);
  std::map<std::string_view, int> references;
  for (const ManifestEntry& entry : files.data) ++references[entry.data_file.file_path];
  std::vector<PlannedFile> described;
  described.reserve(files.data.size());
  for (const ManifestEntry& entry : files.data) {
    const iceberg::DataFile& file = entry.data_file;
    const bool once = references[file.file_path] == 1;
    described.push_back({.path = file.file_path,
                         .spec_id = file.spec_id,
                         .partition = iceberg::PartitionKey(file.partition),
                         .size_bytes = file.file_size_in_bytes,
                         .rows = file.record_count,
                         .sequence_number = entry.sequence_number.value_or(0),
                         .has_deletes = deletes.MayApplyTo(entry),
                         .rewritable = once && IsParquet(file.file_format) && !file.key_metadata.has_value()});
  }
  return described;
}

}  // namespace k2i::maintenance
