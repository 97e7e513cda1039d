// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/rewrite_manifests.h"

#include <algorithm>
#include <set>

#include "iceberg/model/partition_key.h"
#include "iceberg/scan/scan.h"

namespace k2i::iceberg {
namespace {

/// Encoded manifests that are merged at once: bounds memory, for entries decoded take about ten times as much.
constexpr int64_t kBatchTargets = 4;

bool HasLiveFiles(const ManifestFile& manifest) {
  return manifest.added_files_count != 0 || manifest.existing_files_count != 0;
}

}  // namespace

Result<PreparedReplace> RewriteManifests::Prepare(const TableMetadata& base, int64_t now_ms) {
  if (base.format_version < 2) return Fail(ErrorCode::kNotSupported, "rewriting a table of format version 1");
  const Snapshot* parent = base.FindRef(request_.branch);
  if (parent == nullptr) return PreparedReplace{.snapshot = {}, .reason = "the branch has no snapshot"};
  K2I_ASSIGN_OR_RETURN(const auto all, ListManifests(store_, *parent));
  const auto merges = PlanManifestMerges(all, request_.target_bytes, request_.target_bytes * kBatchTargets);
  counts_ = {};
  if (merges.empty()) return PreparedReplace{.snapshot = {}, .reason = "no manifests are worth merging"};
  int64_t to_merge = 0;
  for (const ManifestMerge& merge : merges) to_merge += std::ssize(merge.sources);
  std::set<size_t> gone;
  std::vector<ManifestFile> manifests;
  for (const ManifestMerge& merge : merges) {
    K2I_ASSIGN_OR_RETURN(auto outputs, Merge(base, all, merge));
    for (const size_t source : merge.sources) counts_.bytes_read += all[source].manifest_length;
    for (const ManifestFile& output : outputs) {
      counts_.entries += output.existing_files_count;
      counts_.bytes_written += output.manifest_length;
    }
    counts_.created += static_cast<int64_t>(outputs.size());
    gone.insert(merge.sources.begin(), merge.sources.end());
    if (request_.on_progress) request_.on_progress(static_cast<int64_t>(gone.size()), to_merge);
    std::ranges::move(outputs, std::back_inserter(manifests));
  }
  counts_.replaced = static_cast<int64_t>(gone.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (gone.contains(i) || !HasLiveFiles(all[i])) continue;
    manifests.push_back(all[i]);
    ++counts_.kept;
  }
  PreparedReplace prepared;
  K2I_ASSIGN_OR_RETURN(prepared.snapshot,
                       writer_.WriteList(base, parent, std::move(manifests), Summarize(parent), now_ms));
  return prepared;
}

Result<std::vector<ManifestFile>> RewriteManifests::Merge(const TableMetadata& base,
                                                          const std::vector<ManifestFile>& all,
                                                          const ManifestMerge& merge) {
  std::vector<std::string> key;
  for (const size_t source : merge.sources) key.push_back(all[source].manifest_path);
  if (const auto known = merged_.find(key); known != merged_.end()) return known->second;
  std::vector<ManifestEntry> entries;
  for (const size_t source : merge.sources) {
    K2I_ASSIGN_OR_RETURN(auto read, ReadManifest(store_, base, all[source]));
    for (ManifestEntry& entry : read) {
      if (entry.status == ManifestEntry::Status::kDeleted) continue;
      entry.status = ManifestEntry::Status::kExisting;
      entries.push_back(std::move(entry));
    }
  }
  // Files of one partition stand together, so that summaries are narrow and scans skip manifests.
  std::ranges::stable_sort(entries, {},
                           [](const ManifestEntry& entry) { return PartitionKey(entry.data_file.partition); });
  const PartitionSpec* spec = FindSpec(base, all[merge.sources.front()].partition_spec_id);
  std::vector<ManifestFile> outputs;
  const size_t share = (entries.size() + merge.outputs - 1) / merge.outputs;
  for (size_t begin = 0; begin < entries.size(); begin += share) {
    const auto first = entries.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = static_cast<std::ptrdiff_t>(std::min(share, entries.size() - begin));
    K2I_ASSIGN_OR_RETURN(outputs.emplace_back(),
                         writer_.WriteManifest(base, *spec, next_manifest_++, std::vector(first, first + count)));
  }
  return merged_[key] = std::move(outputs);
}

std::map<std::string, std::string> RewriteManifests::Summarize(const Snapshot* parent) const {
  std::map<std::string, std::string> summary = request_.summary;
  summary["operation"] = "replace";
  summary["manifests-created"] = std::to_string(counts_.created);
  summary["manifests-kept"] = std::to_string(counts_.kept);
  summary["manifests-replaced"] = std::to_string(counts_.replaced);
  summary["entries-processed"] = std::to_string(counts_.entries);
  SnapshotCounters().WriteTo(summary, parent);
  return summary;
}

Result<RewriteManifests::Counts> CountManifestMerges(io::ObjectStore& store, const TableMetadata& base,
                                                     const std::string& branch, int64_t target_bytes) {
  RewriteManifests::Counts counts;
  const Snapshot* head = base.FindRef(branch);
  if (head == nullptr) return counts;
  K2I_ASSIGN_OR_RETURN(const auto all, ListManifests(store, *head));
  for (const auto& merge : PlanManifestMerges(all, target_bytes, target_bytes * kBatchTargets)) {
    counts.replaced += static_cast<int64_t>(merge.sources.size());
    counts.created += static_cast<int64_t>(merge.outputs);
    for (const size_t source : merge.sources) {
      counts.bytes_read += all[source].manifest_length;
      counts.entries += all[source].added_files_count + all[source].existing_files_count;
    }
  }
  counts.kept = std::ranges::count_if(all, HasLiveFiles) - counts.replaced;
  return counts;
}

}  // namespace k2i::iceberg
