// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metadata_reader.h"

namespace k2i::iceberg {

Result<std::shared_ptr<const TableMetadata>> MetadataReader::Read(const std::string& location) {
  {
    std::lock_guard lock(mutex_);
    const auto found = held_.find(location);
    if (auto metadata = found == held_.end() ? nullptr : found->second.lock()) return metadata;
  }
  K2I_ASSIGN_OR_RETURN(auto metadata, ReadMetadataFile(store_, location));
  Remember(location, metadata);
  return metadata;
}

void MetadataReader::Remember(const std::string& location, const std::shared_ptr<const TableMetadata>& metadata) {
  std::lock_guard lock(mutex_);
  std::erase_if(held_, [](const auto& entry) { return entry.second.expired(); });
  held_[location] = metadata;
}

}  // namespace k2i::iceberg
