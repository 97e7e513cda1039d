// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/snapshot_counters.h"

#include <charconv>
#include <optional>

namespace k2i::iceberg {
namespace {

using Summary = std::map<std::string, std::string>;

/// The parent's total; nullopt where it has none that is a count.
std::optional<int64_t> TotalOf(const Snapshot* parent, const char* key) {
  if (parent == nullptr) return 0;
  const auto found = parent->summary.find(key);
  if (found == parent->summary.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

void SnapshotCounters::Counts::Count(const DataFile& file) {
  size_bytes += file.content_size_in_bytes.value_or(file.file_size_in_bytes);
  if (file.content == DataFile::Content::kData) {
    ++data_files;
    records += file.record_count;
    return;
  }
  ++delete_files;
  if (file.content == DataFile::Content::kEqualityDeletes) {
    ++equality_delete_files;
    equality_deletes += file.record_count;
  } else {
    ++(file.content_offset.has_value() ? deletion_vectors : position_delete_files);
    position_deletes += file.record_count;
  }
}

/// One count under its names; "": it has none.
struct SnapshotCounters::Key {
  int64_t Counts::*count;
  const char* added;
  const char* removed;
  const char* total;
};

void SnapshotCounters::WriteTo(Summary& summary, const Snapshot* parent) const {
  static constexpr Key kKeys[] = {
      {&Counts::data_files, "added-data-files", "deleted-data-files", "total-data-files"},
      {&Counts::records, "added-records", "deleted-records", "total-records"},
      {&Counts::size_bytes, "added-files-size", "removed-files-size", "total-files-size"},
      {&Counts::delete_files, "added-delete-files", "removed-delete-files", "total-delete-files"},
      {&Counts::position_delete_files, "added-position-delete-files", "removed-position-delete-files", ""},
      {&Counts::deletion_vectors, "added-dvs", "removed-dvs", ""},
      {&Counts::equality_delete_files, "added-equality-delete-files", "removed-equality-delete-files", ""},
      {&Counts::position_deletes, "added-position-deletes", "removed-position-deletes", "total-position-deletes"},
      {&Counts::equality_deletes, "added-equality-deletes", "removed-equality-deletes", "total-equality-deletes"}};
  for (const Key& key : kKeys) {
    const int64_t added = added_.*key.count, removed = removed_.*key.count;
    if (added > 0) summary[key.added] = std::to_string(added);
    if (removed > 0) summary[key.removed] = std::to_string(removed);
    if (*key.total == '\0') continue;
    const auto before = TotalOf(parent, key.total);
    int64_t after = 0;
    if (!before || __builtin_add_overflow(*before, added - removed, &after) || after < 0) continue;
    summary[key.total] = std::to_string(after);
  }
}

}  // namespace k2i::iceberg
