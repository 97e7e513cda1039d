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

bool HasDeletes(const ManifestFile& manifest) { return manifest.content == ManifestFile::Content::kDeletes; }

/// Of all delete manifests, whatever the filter: what names a data file applies to it in any partition.
Result<iceberg::DeleteIndex> IndexDeletes(io::ObjectStore& store, const TableMetadata& metadata,
                                          const std::vector<ManifestFile>& manifests, ManifestCache& cache,
                                          RunningQuery& query) {
  std::vector<iceberg::EntryPtr> deletes;
  for (const ManifestFile& manifest : manifests) {
    if (!HasDeletes(manifest) || !MayHaveLiveFiles(manifest)) continue;
    if (query.stopped()) return std::unexpected(*query.reason());
    K2I_ASSIGN_OR_RETURN(const auto entries, cache.Read(store, metadata, manifest));
    query.Count({.manifests_scanned = 1});
    for (const ManifestEntry& entry : *entries) {
      if (IsLive(entry)) deletes.emplace_back(entries, &entry);
    }
  }
  return iceberg::DeleteIndex::Make(deletes, metadata.partition_specs);
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
  K2I_ASSIGN_OR_RETURN(const auto deletes, IndexDeletes(store, metadata, *manifests, cache, query));
  std::vector<PlannedFile> files;
  ScanCounts counts;
  for (const ManifestFile& manifest : *manifests) {
    if (HasDeletes(manifest) || !MayHaveLiveFiles(manifest)) continue;
    if (query.stopped()) return std::unexpected(*query.reason());
    const PartitionSpec* spec = FindSpec(metadata, manifest.partition_spec_id);
    if (spec != nullptr && !MayMatchManifest(filter, manifest, *spec, schema)) {
      ++counts.manifests_skipped;
      continue;
    }
    K2I_ASSIGN_OR_RETURN(const auto entries, cache.Read(store, metadata, manifest));
    ++counts.manifests_scanned;
    for (const ManifestEntry& entry : *entries) {
      if (!IsLive(entry)) continue;
      const bool may_match = MayMatchFile(filter, entry.data_file, *spec, schema);
      ++(may_match ? counts.files_scanned : counts.files_skipped);
      if (!may_match) continue;
      K2I_ASSIGN_OR_RETURN(auto applying, deletes.For(entry));
      files.push_back({{entries, &entry.data_file}, std::move(applying)});
    }
  }
  query.Count(counts);
  return files;
}

}  // namespace k2i::query
