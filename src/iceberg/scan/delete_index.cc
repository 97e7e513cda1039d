// SPDX-License-Identifier: Apache-2.0
#include "iceberg/scan/delete_index.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "iceberg/model/reserved_fields.h"

namespace k2i::iceberg {
namespace {

std::unexpected<Error> Malformed(const DataFile& file, const std::string& what) {
  return Fail(ErrorCode::kCorruption, file.file_path + " " + what, Component::kStorage);
}

template <typename T>
std::string RawBytes(const T& value) {
  if constexpr (std::is_same_v<T, std::monostate>) {
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return value.value;
  } else {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
  }
}

/// Bytes that are the same for the same spec and the same values only; floats by their bits, so that NaN is itself.
std::string PartitionKey(const DataFile& file) {
  std::string key = std::to_string(file.spec_id);
  for (const Literal& value : file.partition) {
    const std::string bytes = std::visit([](const auto& held) { return RawBytes(held); }, value);
    key += '/' + std::to_string(value.index()) + ':' + std::to_string(bytes.size()) + ':' + bytes;
  }
  return key;
}

/// As Iceberg has it: a spec whose fields have all become void is none.
bool IsUnpartitioned(const PartitionSpec& spec) {
  return std::ranges::all_of(spec.fields,
                             [](const PartitionField& field) { return field.transform.kind == TransformKind::kVoid; });
}

bool IsVector(const DataFile& file) { return file.file_format == "PUFFIN" || file.file_format == "puffin"; }

int64_t SequenceOf(const EntryPtr& entry) { return *entry->sequence_number; }

const std::string* BoundOf(const std::map<int32_t, std::string>& bounds) {
  const auto it = bounds.find(kDeleteFilePathFieldId);
  return it == bounds.end() ? nullptr : &it->second;
}

/// False only when the bounds of file_path leave `path` out.
bool MayName(const DataFile& deletes, const std::string& path) {
  const std::string* lower = BoundOf(deletes.lower_bounds);
  const std::string* upper = BoundOf(deletes.upper_bounds);
  return (lower == nullptr || *lower <= path) && (upper == nullptr || path <= *upper);
}

/// Appends what of `files` is not older than the data file and may name it.
void AppendPositions(const std::vector<EntryPtr>& files, const DeletesOfFile& data, const std::string& path,
                     std::vector<EntryPtr>& out) {
  const auto first = std::ranges::lower_bound(files, data.sequence_number, {}, SequenceOf);
  std::copy_if(first, files.end(), std::back_inserter(out),
               [&](const EntryPtr& entry) { return MayName(entry->data_file, path); });
}

}  // namespace

std::optional<std::string> ReferencedDataFile(const DataFile& deletes) {
  if (deletes.referenced_data_file) return deletes.referenced_data_file;
  const std::string* lower = BoundOf(deletes.lower_bounds);
  const std::string* upper = BoundOf(deletes.upper_bounds);
  // A bound that is cut short is never the same as the other.
  if (lower == nullptr || upper == nullptr || *lower != *upper) return std::nullopt;
  return *lower;
}

Result<DeleteIndex> DeleteIndex::Make(const std::vector<EntryPtr>& deletes, const std::vector<PartitionSpec>& specs) {
  DeleteIndex index;
  for (const EntryPtr& entry : deletes) K2I_RETURN_IF_ERROR(index.Add(entry, specs));
  index.SortBySequence();
  return index;
}

Result<DeleteIndex> DeleteIndex::Make(std::vector<ManifestEntry> deletes, const std::vector<PartitionSpec>& specs) {
  const auto kept = std::make_shared<const std::vector<ManifestEntry>>(std::move(deletes));
  std::vector<EntryPtr> entries;
  for (const ManifestEntry& entry : *kept) entries.emplace_back(kept, &entry);
  return Make(entries, specs);
}

Status DeleteIndex::Add(const EntryPtr& entry, const std::vector<PartitionSpec>& specs) {
  const DataFile& file = entry->data_file;
  if (!entry->sequence_number) return Malformed(file, "has no sequence number");
  switch (file.content) {
    case DataFile::Content::kData:
      return Malformed(file, "is a data file in a delete manifest");
    case DataFile::Content::kEqualityDeletes:
      return AddEquality(entry, specs);
    case DataFile::Content::kPositionDeletes:
      break;
  }
  if (IsVector(file)) return AddVector(entry);
  if (auto path = ReferencedDataFile(file)) {
    by_path_[*std::move(path)].push_back(entry);
  } else {
    by_partition_[PartitionKey(file)].push_back(entry);
  }
  return {};
}

Status DeleteIndex::AddVector(const EntryPtr& entry) {
  const DataFile& file = entry->data_file;
  if (!file.referenced_data_file || !file.content_offset || !file.content_size_in_bytes) {
    return Malformed(file, "is a deletion vector whose entry does not say of which file, or where it is");
  }
  const auto [other, added] = vectors_.emplace(*file.referenced_data_file, entry);
  if (added) return {};
  return Malformed(file, "is the second deletion vector of " + *file.referenced_data_file + ", after " +
                             other->second->data_file.file_path);
}

Status DeleteIndex::AddEquality(const EntryPtr& entry, const std::vector<PartitionSpec>& specs) {
  const DataFile& file = entry->data_file;
  if (file.equality_ids.empty()) return Malformed(file, "is an equality delete file without columns");
  const auto spec = std::ranges::find(specs, file.spec_id, &PartitionSpec::spec_id);
  if (spec == specs.end()) return Malformed(file, "is of a partition spec that the table does not have");
  std::vector<int32_t> ids = file.equality_ids;
  std::ranges::sort(ids);
  auto& group = equalities_[IsUnpartitioned(*spec) ? "" : PartitionKey(file)][ids];
  if (group == nullptr) group = std::make_shared<EqualityDeletes>(EqualityDeletes{ids, {}});
  group->files.push_back(entry);
  return {};
}

void DeleteIndex::SortBySequence() {
  const auto order = [](const EntryPtr& entry) {
    return std::tie(*entry->sequence_number, entry->data_file.file_path);
  };
  const auto sort = [&](Files& files) { std::ranges::sort(files, {}, order); };
  for (auto& [path, files] : by_path_) sort(files);
  for (auto& [partition, files] : by_partition_) sort(files);
  for (auto& [partition, groups] : equalities_) {
    for (auto& [ids, group] : groups) sort(group->files);
  }
}

Result<DeletesOfFile> DeleteIndex::For(const ManifestEntry& data) const {
  DeletesOfFile deletes;
  if (empty()) return deletes;
  const std::string& path = data.data_file.file_path;
  if (!data.sequence_number) return Malformed(data.data_file, "has no sequence number");
  deletes.sequence_number = *data.sequence_number;
  const std::string partition = PartitionKey(data.data_file);
  if (const auto it = vectors_.find(path); it != vectors_.end() && SequenceOf(it->second) >= deletes.sequence_number) {
    deletes.vector = it->second;
  } else {
    const auto named = by_path_.find(path);
    if (named != by_path_.end()) AppendPositions(named->second, deletes, path, deletes.positions);
    const auto near = by_partition_.find(partition);
    if (near != by_partition_.end()) AppendPositions(near->second, deletes, path, deletes.positions);
  }
  for (const std::string& where : {std::string(), partition}) {
    const auto groups = equalities_.find(where);
    if (groups == equalities_.end()) continue;
    for (const auto& [ids, group] : groups->second) {
      if (SequenceOf(group->files.back()) > deletes.sequence_number) deletes.equalities.push_back(group);
    }
  }
  return deletes;
}

}  // namespace k2i::iceberg
