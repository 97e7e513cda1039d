// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

/// Where a table's manifests, manifest lists and metadata files go: property write.metadata.path, else "metadata" below
/// the table's location. Without a slash at the end.
inline std::string MetadataFolder(const TableMetadata& metadata) {
  std::string folder = metadata.PropertyOr("write.metadata.path", "");
  const bool own = !folder.empty();
  if (!own) folder = metadata.location;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return own ? folder : folder + "/metadata";
}

}  // namespace k2i::iceberg
