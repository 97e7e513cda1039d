// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceberg/scan/scan.h"
#include "io/object_store.h"

namespace k2i::engines {

/// How an engine signs its snapshots.
struct EngineSign {
  std::string engine;  // summary key engine-name: "spark", "trino"
  std::string key;     // summary key of the job, for those that have it: "app-id", "trino_query_id"
  std::string job;     // its value; empty: not known, then the engine's name decides
};

/// What an engine has done to a table, by the summaries of its snapshots, so that what others commit meanwhile does not
/// count.
struct EngineWork {
  std::vector<int64_t> snapshots;  // its commits, oldest first
  int64_t files_removed = 0, files_added = 0, bytes_removed = 0, bytes_added = 0;
  int64_t rows_removed = 0, rows_added = 0, delete_files_removed = 0;
};

/// The `replace` snapshots of `after` that `before` lacks and that carry the sign.
EngineWork WorkBetween(const iceberg::TableMetadata& before, const iceberg::TableMetadata& after,
                       const EngineSign& sign);

/// Snapshots of `before` that are gone in `after`; refs that are.
std::vector<int64_t> SnapshotsGone(const iceberg::TableMetadata& before, const iceberg::TableMetadata& after);
std::vector<std::string> RefsGone(const iceberg::TableMetadata& before, const iceberg::TableMetadata& after);

/// A count of a snapshot's summary; 0 where it has none.
int64_t SummaryCount(const iceberg::Snapshot& snapshot, std::string_view key);

struct ManifestWork {
  int64_t replaced = 0, created = 0, kept = 0;
  int64_t bytes_read = 0, bytes_written = 0;
  int64_t entries = 0;  // live files of the manifests that were created
};

/// How the manifests of `snapshot` differ from its parent's, by their lists. Errors of the store, Corruption; NotFound
/// where the parent has been expired meanwhile.
Result<ManifestWork> ManifestsOf(io::ObjectStore& store, const iceberg::TableMetadata& table, int64_t snapshot);

}  // namespace k2i::engines
