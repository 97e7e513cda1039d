// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/append.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "iceberg/update/metadata_folder.h"

namespace k2i::iceberg {
namespace {

using Summary = std::map<std::string, std::string>;

/// The totals that Iceberg carries from snapshot to snapshot, and what an append adds to each; "": nothing.
struct Total {
  const char* total;
  const char* added;
};
constexpr Total kTotals[] = {{"total-data-files", "added-data-files"}, {"total-records", "added-records"},
                             {"total-files-size", "added-files-size"}, {"total-delete-files", ""},
                             {"total-position-deletes", ""},           {"total-equality-deletes", ""}};

const PartitionSpec* FindSpec(const TableMetadata& base, int32_t spec_id) {
  const auto found = std::ranges::find(base.partition_specs, spec_id, &PartitionSpec::spec_id);
  return found == base.partition_specs.end() ? nullptr : &*found;
}

const Snapshot* FindParent(const TableMetadata& base, const std::string& branch) {
  if (const Snapshot* head = base.FindRef(branch)) return head;
  return base.current_snapshot_id.has_value() ? base.FindSnapshot(*base.current_snapshot_id) : nullptr;
}

std::optional<int64_t> ParseCount(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int64_t> CountOf(const Summary& summary, const std::string& key) {
  const auto found = summary.find(key);
  return found == summary.end() ? std::nullopt : ParseCount(found->second);
}

/// Adds the totals to `summary`. One that the parent lacks, or says nonsense of, is left out, as in Iceberg's own
/// libraries: better none than a wrong one.
void AddTotals(const Snapshot* parent, Summary& summary) {
  for (const Total& total : kTotals) {
    const auto before = parent == nullptr ? std::optional<int64_t>(0) : CountOf(parent->summary, total.total);
    int64_t after = 0;
    if (!before.has_value()) continue;
    if (__builtin_add_overflow(*before, CountOf(summary, total.added).value_or(0), &after)) continue;
    summary[total.total] = std::to_string(after);
  }
}

}  // namespace

Result<Snapshot> Append::Prepare(const TableMetadata& base, int64_t now_ms) {
  if (base.format_version < 2) return Fail(ErrorCode::kNotSupported, "writing to a table of format version 1");
  K2I_RETURN_IF_ERROR(WriteManifest(base));
  const Snapshot* parent = FindParent(base, request_.branch);
  K2I_ASSIGN_OR_RETURN(std::vector<ManifestFile> manifests, Manifests(parent));

  Snapshot snapshot;
  snapshot.snapshot_id = request_.snapshot_id;
  if (parent != nullptr) snapshot.parent_snapshot_id = parent->snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(now_ms, base.last_updated_ms);
  snapshot.schema_id = base.current_schema_id;
  snapshot.summary = Summarize(parent);
  if (base.format_version >= 3) {
    K2I_ASSIGN_OR_RETURN(const int64_t next_row_id, AssignFirstRowIds(base.next_row_id, manifests));
    snapshot.first_row_id = base.next_row_id;
    snapshot.added_rows = next_row_id - base.next_row_id;
  }
  snapshot.manifest_list = MetadataFolder(base) + "/snap-" + std::to_string(request_.snapshot_id) + "-" +
                           std::to_string(++attempts_) + "-" + request_.commit_uuid + ".avro";
  K2I_ASSIGN_OR_RETURN(const std::string bytes, EncodeManifestList(base.format_version, snapshot, manifests));
  K2I_RETURN_IF_ERROR(CreateOnce(snapshot.manifest_list, bytes));
  return snapshot;
}

Status Append::WriteManifest(const TableMetadata& base) {
  if (request_.files.empty()) return {};
  const int32_t spec_id = request_.files.front().spec_id;
  const PartitionSpec* spec = FindSpec(base, spec_id);
  if (spec == nullptr) {
    return Fail(ErrorCode::kInvalidArgument,
                "the files are of partition spec " + std::to_string(spec_id) + ", which the table does not have");
  }
  if (!manifests_.empty()) return {};
  std::vector<ManifestEntry> entries;
  std::set<std::string> partitions;
  for (const DataFile& file : request_.files) {
    if (file.spec_id != spec_id)
      return Fail(ErrorCode::kInvalidArgument, "files of several partition specs in one append");
    K2I_ASSIGN_OR_RETURN(std::string path, PartitionPath(*spec, base.current_schema(), file.partition));
    partitions.insert(std::move(path));
    entries.push_back({.snapshot_id = request_.snapshot_id, .data_file = file});
  }
  K2I_ASSIGN_OR_RETURN(EncodedManifest manifest, EncodeManifest(base.format_version, base.current_schema(), *spec,
                                                                request_.snapshot_id, entries));
  manifest.summary.manifest_path = MetadataFolder(base) + "/" + request_.commit_uuid + "-m0.avro";
  K2I_RETURN_IF_ERROR(CreateOnce(manifest.summary.manifest_path, manifest.bytes));
  changed_partitions_ = partitions.size();
  manifests_.push_back(std::move(manifest.summary));
  return {};
}

/// The names are ours alone, so a file that is there already with the same bytes was written by a try whose reply was
/// lost.
Status Append::CreateOnce(const std::string& location, const std::string& bytes) {
  if (std::ranges::find(written_, location) == written_.end()) written_.push_back(location);
  Status created = store_.Create(location, bytes);
  if (created.has_value() || created.error().code != ErrorCode::kAlreadyExists) return created;
  const auto there = store_.Read(location);
  if (!there) return std::unexpected(there.error());  // not known yet whose it is
  return *there == bytes ? Status() : created;
}

/// The new manifest first, then those of the parent.
Result<std::vector<ManifestFile>> Append::Manifests(const Snapshot* parent) {
  std::vector<ManifestFile> manifests = manifests_;
  if (parent == nullptr) return manifests;
  K2I_ASSIGN_OR_RETURN(const std::string bytes, store_.Read(parent->manifest_list));
  auto inherited = DecodeManifestList(bytes);
  if (!inherited.has_value()) {
    return std::unexpected(inherited.error().With(parent->manifest_list).In(Component::kStorage));
  }
  std::ranges::move(*inherited, std::back_inserter(manifests));
  return manifests;
}

std::map<std::string, std::string> Append::Summarize(const Snapshot* parent) const {
  int64_t records = 0, size_bytes = 0;
  for (const DataFile& file : request_.files) {
    records += file.record_count;
    size_bytes += file.file_size_in_bytes;
  }
  Summary summary = request_.summary;
  summary["operation"] = "append";
  summary["changed-partition-count"] = std::to_string(changed_partitions_);
  const auto set = [&](const char* key, int64_t count) {
    if (count > 0) summary[key] = std::to_string(count);
  };
  set("added-data-files", static_cast<int64_t>(request_.files.size()));
  set("added-records", records);
  set("added-files-size", size_bytes);
  AddTotals(parent, summary);
  return summary;
}

}  // namespace k2i::iceberg
