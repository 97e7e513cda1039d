// SPDX-License-Identifier: Apache-2.0
//
// From delete files to what is deleted of each data file, for the readers of one scan.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datafile/equality_set.h"
#include "datafile/position_deletes.h"
#include "iceberg/model/table_metadata.h"
#include "iceberg/scan/delete_index.h"

namespace k2i::datafile {

struct DeleteLoaderOptions {
  /// Position delete files that several data files share are kept while they take no more than this together; a larger
  /// one is read anew for each data file, only the row groups that name it.
  int64_t cache_bytes = int64_t{64} << 20;
  /// Equality deletes have to be in memory whole.
  int64_t equality_bytes = int64_t{256} << 20;
};

/// What is deleted of one data file. Immutable.
struct DeletedRows {
  PositionSet positions;
  std::vector<std::shared_ptr<const EqualitySet>> equalities;
  int64_t sequence_number = 0;  // the data file's

  bool empty() const { return positions.empty() && equalities.empty(); }
};

/// Thread-safe. What it gives outlives it.
class DeleteLoader {
 public:
  /// `table`: whose schemas name the columns that rows are compared by, dropped ones too. `store`, `table` and `pool`
  /// must outlive the loader.
  DeleteLoader(io::ObjectStore& store, const iceberg::TableMetadata& table, arrow::MemoryPool* pool,
               DeleteLoaderOptions options = {});

  /// Reads what `deletes` says of `data`. Errors of the store; Corruption for files that are broken, and for positions
  /// that the data file does not have; NotSupported for delete files that are no Parquet, and rows compared by nested
  /// columns; ResourceExhausted when equality deletes are too large.
  Result<std::shared_ptr<const DeletedRows>> Load(const iceberg::DataFile& data, const iceberg::DeletesOfFile& deletes);

 private:
  /// A position delete file that several data files share.
  struct SharedFile {
    std::mutex mutex;
    bool loaded = false;                               // guarded by mutex
    std::shared_ptr<const PositionsByFile> positions;  // guarded by mutex; null: too large
  };
  struct Kept {
    std::string location;
    int64_t size_bytes = 0;
  };

  Status AddPositions(const iceberg::DataFile& deletes, const std::string& data_file, PositionSet& positions);
  /// Null when it is too large to be kept.
  Result<std::shared_ptr<const PositionsByFile>> Shared(const iceberg::DataFile& deletes);
  std::shared_ptr<SharedFile> SlotOf(const std::string& location);
  void Keep(Kept kept);
  Result<std::shared_ptr<const EqualitySet>> Equalities(const std::shared_ptr<const iceberg::EqualityDeletes>& deletes);

  io::ObjectStore& store_;
  const iceberg::TableMetadata& table_;
  arrow::MemoryPool* pool_;
  const DeleteLoaderOptions options_;

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SharedFile>> shared_;  // guarded by mutex_; by location
  std::list<Kept> kept_;                                       // guarded by mutex_; newest first
  int64_t kept_bytes_ = 0;                                     // guarded by mutex_

  std::mutex equality_mutex_;  // held while a set is loaded, so that they share the bound
  std::map<std::shared_ptr<const iceberg::EqualityDeletes>, std::shared_ptr<const EqualitySet>> equalities_;
  int64_t equality_bytes_ = 0;
};

/// The rows of `data` that are left, where manifests alone tell; nullopt where delete files would have to be read.
std::optional<int64_t> LiveRowCount(const iceberg::DataFile& data, const iceberg::DeletesOfFile& deletes);

}  // namespace k2i::datafile
