// SPDX-License-Identifier: Apache-2.0
#include "iceberg/update/manifest_merge_plan.h"

#include <map>
#include <utility>

namespace k2i::iceberg {
namespace {

struct Batch {
  std::vector<size_t> sources;
  int64_t bytes = 0;
};

void Close(Batch& batch, int64_t target_bytes, std::vector<ManifestMerge>& merges) {
  const auto outputs = static_cast<size_t>((batch.bytes + target_bytes - 1) / target_bytes);
  if (outputs < batch.sources.size()) merges.push_back({std::move(batch.sources), outputs});
  batch = {};
}

}  // namespace

std::vector<ManifestMerge> PlanManifestMerges(const std::vector<ManifestFile>& manifests, int64_t target_bytes,
                                              int64_t batch_bytes) {
  std::vector<ManifestMerge> merges;
  std::map<std::pair<int32_t, ManifestFile::Content>, Batch> batches;
  for (size_t i = 0; i < manifests.size(); ++i) {
    const ManifestFile& manifest = manifests[i];
    const bool live = manifest.added_files_count != 0 || manifest.existing_files_count != 0;
    if (!live || manifest.manifest_length >= target_bytes / 4 * 3) continue;
    Batch& batch = batches[{manifest.partition_spec_id, manifest.content}];
    if (batch.bytes + manifest.manifest_length > batch_bytes) Close(batch, target_bytes, merges);
    batch.sources.push_back(i);
    batch.bytes += manifest.manifest_length;
  }
  for (auto& [kind, batch] : batches) Close(batch, target_bytes, merges);
  return merges;
}

}  // namespace k2i::iceberg
