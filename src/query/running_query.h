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

namespace k2i::io {
class ObjectStore;
}

namespace k2i::query {

class ManifestCache;

/// What a query has looked at, over all its tables; for logs and metrics.
struct ScanCounts {
  int64_t files_scanned = 0, files_skipped = 0;  // skipped: no row of it can match
  int64_t manifests_scanned = 0, manifests_skipped = 0;
  int64_t row_groups_scanned = 0, row_groups_skipped = 0;
  int64_t slices_scanned = 0, slices_skipped = 0;
  int64_t hot_rows = 0, cold_rows = 0;  // given to DuckDB
};

/// A table as one query sees it, at all its mentions.
struct PinnedTable {
  buffer::ViewPtr view;
  io::ObjectStore* store = nullptr;
  Predicate filter;  // rows that it does not let through need not be read
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
