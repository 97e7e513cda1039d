// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "iceberg/catalog/metadata_file.h"

namespace k2i::iceberg {

/// Reads metadata files, and gives what somebody still holds of an earlier read again: a metadata file never changes,
/// and that of a table with thousands of snapshots takes longer to read than all the rest of a commit. Of a file that
/// is new, it reads what the table's earlier files, where somebody holds them, do not have. Holds nothing itself.
/// Thread-safe.
class MetadataReader {
 public:
  /// `store` must outlive this.
  explicit MetadataReader(io::ObjectStore& store) : store_(store) {}

  /// As ReadMetadataFile.
  Result<std::shared_ptr<const TableMetadata>> Read(const std::string& location);
  /// What has been written to that location.
  void Remember(const std::string& location, const std::shared_ptr<const TableMetadata>& metadata);

 private:
  std::shared_ptr<const TableMetadata> Find(const std::string& location);
  /// The last by name of those in the folder of `location`; nullptr for none.
  std::shared_ptr<const TableMetadata> FindNewest(const std::string& location);

  io::ObjectStore& store_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const TableMetadata>> held_;  // by location; guarded by mutex_
};

}  // namespace k2i::iceberg
