// SPDX-License-Identifier: Apache-2.0
#include "query/cold_plan.h"

#include <algorithm>
#include <utility>

#include "query/file_bounds.h"

namespace k2i::query {
namespace {

using iceberg::ManifestEntry;
using iceberg::ManifestFile;
using iceberg::PartitionSpec;
using iceberg::TableMetadata;

/// False only for manifests that say so: those of v1 may lack the counts.
bool MayHaveLiveFiles(const ManifestFile& manifest) {
  return manifest.added_files_count != 0 || manifest.existing_files_count != 0;
}

const PartitionSpec* FindSpec(const TableMetadata& metadata, int32_t spec_id) {
  const auto spec = std::ranges::find(metadata.partition_specs, spec_id, &PartitionSpec::spec_id);
  return spec == metadata.partition_specs.end() ? nullptr : &*spec;
}

bool IsLive(const ManifestEntry& entry) { return entry.status != ManifestEntry::Status::kDeleted; }

std::unexpected<Error> HasDeletes(const iceberg::DataFile& file) {
  const bool equality = file.content == iceberg::DataFile::Content::kEqualityDeletes;
  return Fail(ErrorCode::kNotSupported, std::string("rows of the table are deleted by ") +
                                            (equality              ? "equality deletes"
                                             : file.content_offset ? "deletion vectors"
                                                                   : "position deletes") +
                                            " (" + file.file_path +
                                            "), which queries do not apply; compact the table to remove them");
}

}  // namespace

const ManifestCache::Slot* ManifestCache::Find(const std::string& key) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return nullptr;
  slots_.splice(slots_.begin(), slots_, it->second);
  return &slots_.front();
}

void ManifestCache::Keep(Slot slot) {
  std::lock_guard lock(mutex_);
  if (by_key_.contains(slot.key)) return;
  weight_ += slot.weight;
  slots_.push_front(std::move(slot));
  by_key_[slots_.front().key] = slots_.begin();
  while (weight_ > max_entries_ && slots_.size() > 1) {
    weight_ -= slots_.back().weight;
    by_key_.erase(slots_.back().key);
    slots_.pop_back();
  }
}

Result<ManifestCache::List> ManifestCache::Manifests(io::ObjectStore& store, const iceberg::Snapshot& snapshot) {
  {
    std::lock_guard lock(mutex_);
    if (const Slot* slot = Find(snapshot.manifest_list); slot != nullptr && !slot->key.empty()) return slot->list;
  }
  K2I_ASSIGN_OR_RETURN(auto manifests, iceberg::ListManifests(store, snapshot));
  const auto list = std::make_shared<const std::vector<ManifestFile>>(std::move(manifests));
  Keep({snapshot.manifest_list, nullptr, list, 1 + list->size()});
  return list;
}

Result<ManifestCache::Entries> ManifestCache::Read(io::ObjectStore& store, const TableMetadata& metadata,
                                                   const ManifestFile& manifest) {
  // Partition values are decoded by the schema's types.
  const std::string key = manifest.manifest_path + '\n' + std::to_string(metadata.current_schema_id);
  {
    std::lock_guard lock(mutex_);
    if (const Slot* slot = Find(key)) return slot->entries;
  }
  K2I_ASSIGN_OR_RETURN(auto read, iceberg::ReadManifest(store, metadata, manifest));
  const auto entries = std::make_shared<const std::vector<ManifestEntry>>(std::move(read));
  Keep({key, entries, nullptr, 1 + entries->size()});
  return entries;
}

Result<std::vector<PlannedFile>> PlanCold(io::ObjectStore& store, const TableMetadata& metadata,
                                          const iceberg::Snapshot& snapshot, const Predicate& filter,
                                          ManifestCache& cache, RunningQuery& query) {
  const iceberg::Schema& schema = metadata.current_schema();
  K2I_ASSIGN_OR_RETURN(const auto manifests, cache.Manifests(store, snapshot));
  std::vector<PlannedFile> files;
  ScanCounts counts;
  for (const ManifestFile& manifest : *manifests) {
    if (!MayHaveLiveFiles(manifest)) continue;
    if (query.stopped()) return std::unexpected(*query.reason());
    const PartitionSpec* spec = FindSpec(metadata, manifest.partition_spec_id);
    const bool deletes = manifest.content == ManifestFile::Content::kDeletes;
    if (!deletes && spec != nullptr && !MayMatchManifest(filter, manifest, *spec, schema)) {
      ++counts.manifests_skipped;
      continue;
    }
    K2I_ASSIGN_OR_RETURN(const auto entries, cache.Read(store, metadata, manifest));
    ++counts.manifests_scanned;
    for (const ManifestEntry& entry : *entries) {
      if (!IsLive(entry)) continue;
      if (entry.data_file.content != iceberg::DataFile::Content::kData) return HasDeletes(entry.data_file);
      const bool may_match = MayMatchFile(filter, entry.data_file, *spec, schema);
      ++(may_match ? counts.files_scanned : counts.files_skipped);
      if (may_match) files.emplace_back(entries, &entry.data_file);
    }
  }
  query.Count(counts);
  return files;
}

}  // namespace k2i::query
