// SPDX-License-Identifier: Apache-2.0
#include "iceberg/model/data_location.h"

#include <initializer_list>

#include "iceberg/model/murmur3.h"

namespace k2i::iceberg {
namespace {

constexpr int kEntropyBits = 20;
constexpr int kFolderBits = 4;  // of each of the first kFolders folders; the last takes the rest
constexpr int kFolders = 3;

std::string WithoutSlashes(std::string folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

/// The first of these properties that is set, else "data" below the table.
std::string Folder(const TableMetadata& table, std::initializer_list<const char*> properties) {
  for (const char* property : properties) {
    const std::string value = table.PropertyOr(property, "");
    if (!value.empty()) return WithoutSlashes(value);
  }
  return WithoutSlashes(table.location) + "/data";
}

/// "db/t" of "s3://bucket/db/t": the last two folders.
std::string Context(const std::string& table_location) {
  const std::string location = WithoutSlashes(table_location);
  const size_t name = location.rfind('/');
  if (name == std::string::npos || name == 0) return location.substr(name == 0 ? 1 : 0);
  const size_t parent = location.rfind('/', name - 1);
  return location.substr(parent == std::string::npos ? 0 : parent + 1);
}

/// "0101/0110/1001/10110010": the low bits of the name's hash.
std::string EntropyFolders(std::string_view name) {
  const auto hash = static_cast<uint32_t>(Murmur3(name));
  std::string folders;
  for (int bit = 0; bit < kEntropyBits; ++bit) {
    if (bit > 0 && bit % kFolderBits == 0 && bit <= kFolders * kFolderBits) folders += '/';
    folders += (hash >> (kEntropyBits - 1 - bit) & 1) == 0 ? '0' : '1';
  }
  return folders;
}

}  // namespace

DataLocation::DataLocation(std::string folder) : folder_(WithoutSlashes(std::move(folder))) {}

DataLocation DataLocation::Of(const TableMetadata& table) {
  if (!table.PropertyIsTrue("write.object-storage.enabled", false)) {
    return Folder(table, {"write.data.path", "write.folder-storage.path"});
  }
  DataLocation location(Folder(table, {"write.data.path", "write.object-storage.path", "write.folder-storage.path"}));
  location.hashed_ = true;
  location.partitioned_paths_ = table.PropertyIsTrue("write.object-storage.partitioned-paths", true);
  if (!location.folder_.starts_with(WithoutSlashes(table.location))) location.context_ = Context(table.location);
  return location;
}

std::string DataLocation::FileLocation(const std::string& partition_path, const std::string& name) const {
  const bool with_path = !partition_path.empty() && (!hashed_ || partitioned_paths_);
  const std::string path = with_path ? partition_path + "/" + name : name;
  if (!hashed_) return folder_ + "/" + path;
  const std::string hashed = folder_ + "/" + EntropyFolders(path);
  if (!context_.empty()) return hashed + "/" + context_ + "/" + path;
  return hashed + (partitioned_paths_ ? "/" : "-") + path;
}

}  // namespace k2i::iceberg
