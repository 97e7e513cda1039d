// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

/// Where the data files of a table go, as Iceberg's Java library (LocationProviders) lays them out.
class DataLocation {
 public:
  DataLocation() = default;
  /// A folder with one below it for each partition.
  DataLocation(std::string folder);  // NOLINT: a folder is a location
  DataLocation(const char* folder) : DataLocation(std::string(folder)) {}

  /// By the table's properties: write.data.path (before it had that name, write.object-storage.path and
  /// write.folder-storage.path), else "data" below the table; with write.object-storage.enabled, folders made of a hash
  /// of the name spread the files over an object store's partitions, and write.object-storage.partitioned-paths says
  /// whether partition folders follow them.
  static DataLocation Of(const TableMetadata& table);

  /// `partition_path` is PartitionPath's; empty for an unpartitioned table.
  std::string FileLocation(const std::string& partition_path, const std::string& name) const;
  bool empty() const { return folder_.empty(); }

 private:
  std::string folder_;  // no "/" at the end
  bool hashed_ = false;
  bool partitioned_paths_ = true;
  std::string context_;  // tells tables apart that share a folder; empty: the folder is the table's own
};

}  // namespace k2i::iceberg
