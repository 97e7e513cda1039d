// SPDX-License-Identifier: Apache-2.0
#include "maintenance/live_files.h"

#include <algorithm>
#include <map>

#include "iceberg/model/partition_key.h"
#include "iceberg/update/rewrite.h"

namespace k2i::maintenance {
namespace {

using iceberg::ManifestEntry;

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

Result<LiveFiles> ReadLiveFiles(io::ObjectStore& store, const iceberg::TableMetadata& table,
                                const iceberg::Snapshot& snapshot, const FileTest& wanted,
                                const FileTest& keeps_metrics) {
  K2I_ASSIGN_OR_RETURN(const auto manifests, iceberg::ListManifests(store, snapshot));
  LiveFiles files;
  for (const auto& manifest : manifests) {
    if (manifest.added_files_count == 0 && manifest.existing_files_count == 0) continue;
    K2I_ASSIGN_OR_RETURN(auto entries, iceberg::ReadManifest(store, table, manifest));
    for (ManifestEntry& entry : entries) {
      if (entry.status == ManifestEntry::Status::kDeleted) continue;
      const bool data = entry.data_file.content == iceberg::DataFile::Content::kData;
      if (data) files.wanted.push_back(wanted(entry.data_file));
      if (data && !(files.wanted.back() && keeps_metrics(entry.data_file))) DropMetrics(entry.data_file);
      (data ? files.data : files.deletes).push_back(std::move(entry));
    }
  }
  return files;
}

Result<std::vector<PlannedFile>> DescribeFiles(const LiveFiles& files, const iceberg::DeleteIndex& deletes) {
  std::map<std::string_view, int> references;
  for (const ManifestEntry& entry : files.data) ++references[entry.data_file.file_path];
  std::vector<PlannedFile> described;
  described.reserve(files.data.size());
  for (const ManifestEntry& entry : files.data) {
    const iceberg::DataFile& file = entry.data_file;
    const bool once = references[file.file_path] == 1;
    K2I_ASSIGN_OR_RETURN(const auto deleted, deletes.For(entry));
    described.push_back({.path = file.file_path,
                         .spec_id = file.spec_id,
                         .partition = iceberg::PartitionKey(file.partition),
                         .size_bytes = file.file_size_in_bytes,
                         .rows = file.record_count,
                         .sequence_number = entry.sequence_number.value_or(0),
                         .has_deletes = !deleted.empty(),
                         .wanted = files.wanted[described.size()],
                         .rewritable = once && IsParquet(file.file_format) && !file.key_metadata.has_value()});
  }
  return described;
}

Result<std::vector<iceberg::DataFile>> UnusedDeletes(const iceberg::SnapshotFiles& files,
                                                     const iceberg::DeleteIndex& deletes,
                                                     const std::set<std::string>& removed) {
  std::set<std::string> used;
  const auto use = [&](const iceberg::EntryPtr& entry) { used.insert(iceberg::FileKey(entry->data_file)); };
  for (const ManifestEntry& entry : files.data) {
    if (removed.contains(iceberg::FileKey(entry.data_file))) continue;
    K2I_ASSIGN_OR_RETURN(const auto needed, deletes.For(entry));
    if (needed.vector != nullptr) use(needed.vector);
    std::ranges::for_each(needed.positions, use);
    for (const auto& equality : needed.equalities) std::ranges::for_each(equality->files, use);
  }
  std::vector<iceberg::DataFile> unused;
  for (const ManifestEntry& entry : files.deletes) {
    const std::string key = iceberg::FileKey(entry.data_file);
    const bool gone = removed.contains(key) || used.contains(key);
    if (!gone) unused.push_back(entry.data_file);
  }
  return unused;
}

}  // namespace k2i::maintenance
