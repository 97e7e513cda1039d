// SPDX-License-Identifier: Apache-2.0
#include "iceberg/catalog/metadata_reader.h"

#include <string_view>

namespace k2i::iceberg {

Result<std::shared_ptr<const TableMetadata>> MetadataReader::Read(const std::string& location) {
  if (auto metadata = Find(location)) return metadata;
  K2I_ASSIGN_OR_RETURN(auto metadata, ReadMetadataFile(store_, location, FindNewest(location).get()));
  Remember(location, metadata);
  return metadata;
}

std::shared_ptr<const TableMetadata> MetadataReader::Find(const std::string& location) {
  std::lock_guard lock(mutex_);
  const auto found = held_.find(location);
  return found == held_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<const TableMetadata> MetadataReader::FindNewest(const std::string& location) {
  const std::string_view folder = std::string_view(location).substr(0, location.rfind('/') + 1);
  std::shared_ptr<const TableMetadata> newest;
  std::lock_guard lock(mutex_);
  for (const auto& [name, held] : held_) {
    if (!name.starts_with(folder)) continue;
    if (auto metadata = held.lock()) newest = std::move(metadata);
  }
  return newest;
}

void MetadataReader::Remember(const std::string& location, const std::shared_ptr<const TableMetadata>& metadata) {
  std::lock_guard lock(mutex_);
  std::erase_if(held_, [](const auto& entry) { return entry.second.expired(); });
  held_[location] = metadata;
}

}  // namespace k2i::iceberg
