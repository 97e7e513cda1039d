// SPDX-License-Identifier: Apache-2.0
#include "maintenance/file_adoption.h"

#include <fmt/format.h>

#include <set>

#include "iceberg/scan/scan.h"
#include "iceberg/update/append.h"
#include "maintenance/location_key.h"

namespace k2i::maintenance {
namespace {

/// AlreadyExists, naming the first of `locations` that the branch's head refers to.
Status CheckNotReferenced(io::ObjectStore& store, const iceberg::TableMetadata& table, const std::string& branch,
                          const std::set<LocationKey>& locations) {
  const auto* head = iceberg::FindParent(table, branch);
  if (head == nullptr) return {};
  K2I_ASSIGN_OR_RETURN(const auto manifests, iceberg::ListManifests(store, *head));
  for (const auto& manifest : manifests) {
    if (manifest.content != iceberg::ManifestFile::Content::kData) continue;
    K2I_ASSIGN_OR_RETURN(const auto entries, iceberg::ReadManifest(store, table, manifest));
    for (const auto& entry : entries) {
      if (entry.status == iceberg::ManifestEntry::Status::kDeleted) continue;
      const auto key = LocationKey::Of(entry.data_file.file_path);
      if (!key || !locations.contains(*key)) continue;
      return Fail(ErrorCode::kAlreadyExists, entry.data_file.file_path + " is a data file of the table already",
                  Component::kCatalog);
    }
  }
  return {};
}

}  // namespace

Result<AdoptedFiles> AdoptFiles(ReplaceCommit::Parts parts, io::ObjectStore& store, const iceberg::LoadedTable& table,
                                const std::vector<iceberg::DataFile>& files, const ReplaceOptions& options,
                                std::stop_token stop) {
  AdoptedFiles adopted;
  std::set<LocationKey> locations;
  for (const auto& file : files) {
    K2I_ASSIGN_OR_RETURN(const auto key, LocationKey::Of(file.file_path));
    if (!locations.insert(key).second) {
      return Fail(ErrorCode::kInvalidArgument, file.file_path + " is given twice", Component::kConfig);
    }
    ++adopted.files;
    adopted.rows += file.record_count;
    adopted.bytes += file.file_size_in_bytes;
  }
  if (files.empty()) return adopted;
  const int64_t snapshot_id = parts.random.PositiveInt64();
  iceberg::Append append(store, {.snapshot_id = snapshot_id,
                                 .branch = options.branch,
                                 .commit_uuid = parts.random.Uuid(),
                                 .files = files,
                                 .summary = {{"k2i.version", options.version}}});
  ReplaceOptions as_others = options;
  as_others.carry_progress = false;
  const auto outcome =
      ReplaceCommit(parts, std::move(as_others))
          .Run(
              table, snapshot_id,
              [&](const iceberg::TableMetadata& base, int64_t now_ms) -> Result<iceberg::PreparedReplace> {
                K2I_RETURN_IF_ERROR(CheckNotReferenced(store, base, options.branch, locations));
                K2I_ASSIGN_OR_RETURN(auto snapshot, append.Prepare(base, now_ms));
                return iceberg::PreparedReplace{.snapshot = std::move(snapshot), .reason = {}};
              },
              std::move(stop));
  // The files are others'; only what was written for the commit goes.
  (void)store.DeleteMany(LeftOver(append, outcome));
  if (!outcome) return std::unexpected(outcome.error());
  if (!outcome->snapshot_id) {
    return Fail(outcome->certain ? ErrorCode::kTimeout : ErrorCode::kCommitStateUnknown,
                "the catalog did not take the files: " + outcome->reason + "; run it again", Component::kCatalog);
  }
  adopted.snapshot_id = outcome->snapshot_id;
  return adopted;
}

}  // namespace k2i::maintenance
