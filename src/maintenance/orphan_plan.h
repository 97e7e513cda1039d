// SPDX-License-Identifier: Apache-2.0
//
// Which files below a table's location nothing refers to. Pure: fed with what the table reaches, then with the listing,
// file by file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "iceberg/model/table_metadata.h"
#include "io/object_store.h"
#include "maintenance/location_key.h"
#include "maintenance/table_files.h"

namespace k2i::maintenance {

inline constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;

/// Files modified at or after this time stay. Never the last day's, unless `force`: files of a flush that is under way,
/// K2I's or another writer's, are in no snapshot yet, and no commit takes so long. InvalidArgument (kConfig) where
/// `older_than_ms`, a time, asks for less than a day.
Result<int64_t> OrphanCutoff(int64_t older_than_ms, bool force, int64_t now_ms);

/// Where a table keeps its files: its location and what its properties name (write.data.path, write.metadata.path …).
struct TableRoots {
  std::string table;  // "db.events", for messages
  std::vector<std::string> roots;
};
TableRoots RootsOf(std::string table, const iceberg::TableMetadata& metadata);

/// Whether all that lies below the location of the table `own` is its own. `warehouse`: the catalog's location, where
/// that is one; empty: not known. NotSupported, saying what to do, where the location is a whole bucket or disk, holds
/// the warehouse, or where another table's roots are in it or hold it; InvalidArgument for locations that cannot be
/// compared.
Status CheckUnshared(const TableRoots& own, const std::vector<TableRoots>& others, const std::string& warehouse);

/// What a table reaches, as hashes: 16 bytes a file.
class OrphanFinder {
 public:
  /// `location`: where the listing is made. InvalidArgument for one that cannot be compared.
  static Result<OrphanFinder> Make(std::string_view location, int64_t cutoff_ms);

  /// Of a file that is referred to. InvalidArgument where it cannot be compared with what is listed.
  Status AddReachable(std::string_view location);

  /// True for an orphan. Hidden files and folders that are no partitions are none. NotSupported, saying what to do, for
  /// a file that may be another spelling of one that is referred to: it lies outside of the location by its name, but
  /// its path ends like this one's (an alias of the bucket, a link). InvalidArgument for a location that cannot be
  /// compared.
  Result<bool> IsOrphan(const io::FileInfo& file) const;

 private:
  OrphanFinder(LocationKey root, int64_t cutoff_ms) : root_(std::move(root)), cutoff_ms_(cutoff_ms) {}

  LocationKey root_;
  int64_t cutoff_ms_;
  std::unordered_set<uint64_t> inside_;            // hashes of paths below the root
  std::unordered_set<uint64_t> suffixes_outside_;  // of every end of the other paths
};

/// By its name, for the summary.
FileKind KindByName(std::string_view location);

}  // namespace k2i::maintenance
