// SPDX-License-Identifier: Apache-2.0
//
// iceberg/scan: which files a snapshot consists of, from its manifest list and manifests (spec: "Scan Planning",
// without a filter). Whoever reads a table back stands on it: verify, compaction, expiry, queries.
#pragma once

#include <vector>

#include "iceberg/manifest/manifest.h"
#include "io/object_store.h"

namespace k2i::iceberg {

/// The live files of a snapshot (entries added or existing, not deleted), snapshot ids and sequence numbers filled in,
/// in the order of the manifest list. A file that two manifests refer to stands here twice.
struct SnapshotFiles {
  std::vector<ManifestEntry> data;
  /// Position deletes, deletion vectors and equality deletes: while there is one, rows of `data` may be deleted.
  std::vector<ManifestEntry> deletes;
};

/// What a snapshot changed itself: the entries that carry its id in the manifests it wrote.
struct SnapshotChanges {
  std::vector<ManifestEntry> added_data;
  std::vector<ManifestEntry> removed_data;
  std::vector<ManifestEntry> added_deletes;
  std::vector<ManifestEntry> removed_deletes;
};

/// Errors of the store; Corruption (Component::kStorage) for a manifest that cannot be read; NotSupported for snapshots
/// of v1 without a manifest list. `snapshot` is one of `metadata`'s.
Result<SnapshotFiles> PlanFiles(io::ObjectStore& store, const TableMetadata& metadata, const Snapshot& snapshot);
/// As PlanFiles.
Result<SnapshotChanges> ListChanges(io::ObjectStore& store, const TableMetadata& metadata, const Snapshot& snapshot);

/// The entries of a snapshot's manifest list. As PlanFiles.
Result<std::vector<ManifestFile>> ListManifests(io::ObjectStore& store, const Snapshot& snapshot);
/// The entries of one manifest, deleted ones too. As PlanFiles.
Result<std::vector<ManifestEntry>> ReadManifest(io::ObjectStore& store, const TableMetadata& metadata,
                                                const ManifestFile& manifest);

}  // namespace k2i::iceberg
