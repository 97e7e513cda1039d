// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/scan.h"
#include "query/running_query.h"

namespace k2i::query {

/// Manifests read before, so that a query over a table that grows reads new ones only; files are immutable, so nothing
/// goes stale. Thread-safe.
class ManifestCache {
 public:
  using Entries = std::shared_ptr<const std::vector<iceberg::ManifestEntry>>;
  using List = std::shared_ptr<const std::vector<iceberg::ManifestFile>>;

  /// `max_entries`: manifest entries kept, of all manifests; an entry takes some kilobytes.
  explicit ManifestCache(size_t max_entries) : max_entries_(max_entries) {}

  /// As iceberg::ListManifests and ReadManifest.
  Result<List> Manifests(io::ObjectStore& store, const iceberg::Snapshot& snapshot);
  Result<Entries> Read(io::ObjectStore& store, const iceberg::TableMetadata& metadata,
                       const iceberg::ManifestFile& manifest);

 private:
  struct Slot {
    std::string key;
    Entries entries;
    List list;
    size_t weight = 1;
  };
  /// The slot of `key`, made the newest; null when there is none.
  const Slot* Find(const std::string& key);
  void Keep(Slot slot);

  const size_t max_entries_;
  std::mutex mutex_;
  std::list<Slot> slots_;  // newest first
  std::map<std::string, std::list<Slot>::iterator> by_key_;
  size_t weight_ = 0;
};

struct PlannedFile {
  std::shared_ptr<const iceberg::DataFile> file;  // keeps its manifest's entries alive
  iceberg::DeletesOfFile deletes;
};

/// The files of the snapshot that may have rows `filter` lets through, and what deletes of them. Errors of
/// iceberg::PlanFiles and iceberg::DeleteIndex.
Result<std::vector<PlannedFile>> PlanCold(io::ObjectStore& store, const iceberg::TableMetadata& metadata,
                                          const iceberg::Snapshot& snapshot, const Predicate& filter,
                                          ManifestCache& cache, RunningQuery& query);

}  // namespace k2i::query
