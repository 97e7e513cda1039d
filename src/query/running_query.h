// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "buffer/view.h"
#include "query/duck.h"
#include "query/predicate.h"
#include "query/scan_counts.h"

namespace k2i::io {
class ObjectStore;
}

namespace k2i::query {

class ManifestCache;

/// The columns, by field id, that hold the Kafka position of a row; 0: none does.
struct MetadataColumns {
  int32_t partition = 0;
  int32_t offset = 0;
  int32_t timestamp = 0;
};

/// A table as one query sees it, at all its mentions.
struct PinnedTable {
  buffer::ViewPtr view;
  io::ObjectStore* store = nullptr;
  Predicate filter = {};  // rows that it does not let through need not be read
  MetadataColumns metadata = {};
};

/// What the scans of one query share with its answer. Thread-safe but for the public members, which are complete before
/// the query runs.
class RunningQuery {
 public:
  RunningQuery(duckdb_connection connection, arrow::MemoryPool* pool, ManifestCache& manifests)
      : pool(pool), manifests(manifests), connection_(connection) {}

  std::map<size_t, PinnedTable> tables;  // by the table's index in the engine
  arrow::MemoryPool* const pool;
  ManifestCache& manifests;

  duckdb_connection connection() const { return connection_; }

  /// Stops the query: the first reason stands.
  void Stop(Error reason);
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  std::optional<Error> reason() const;

  void Count(const ScanCounts& more);
  ScanCounts counts() const;

 private:
  duckdb_connection connection_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::optional<Error> reason_;  // guarded by mutex_
  ScanCounts counts_;            // guarded by mutex_
};

}  // namespace k2i::query
