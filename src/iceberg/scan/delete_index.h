// SPDX-License-Identifier: Apache-2.0
//
// Which delete files apply to which data files of a snapshot (spec: "Scan Planning"), from manifests alone; no I/O.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "iceberg/manifest/manifest.h"

namespace k2i::iceberg {

/// An entry of a snapshot; keeps what it stands in (its manifest's entries) alive.
using EntryPtr = std::shared_ptr<const ManifestEntry>;

/// Equality delete files of one partition, or of all, that compare the same columns: a row that equals one of theirs is
/// deleted when the file it is deleted by is newer than the row's.
struct EqualityDeletes {
  std::vector<int32_t> field_ids;  // ascending
  std::vector<EntryPtr> files;     // by sequence number
};

/// What applies to one data file.
struct DeletesOfFile {
  int64_t sequence_number = 0;      // the data file's
  EntryPtr vector;                  // its deletion vector, or null
  std::vector<EntryPtr> positions;  // position delete files; none where there is a deletion vector
  /// Each has at least one file that is newer than the data file; the older ones delete nothing of it.
  std::vector<std::shared_ptr<const EqualityDeletes>> equalities;

  bool empty() const { return vector == nullptr && positions.empty() && equalities.empty(); }
};

/// Rules, by the data sequence numbers of data file and delete file:
///   deletion vector        data <= delete, and it names the data file
///   position delete file   data <= delete, no deletion vector applies, and it names the data file or, where it names
///                          none, is of the same spec and partition
///   equality delete file   data < delete, and of the same spec and partition, or of a spec without partitions
/// What names a data file is not held to its partition: Iceberg's own readers are not, and some writers get it wrong.
/// Immutable.
class DeleteIndex {
 public:
  DeleteIndex() = default;
  /// `deletes`: live entries of delete manifests; `specs`: the table's. Corruption for two deletion vectors of one data
  /// file, and for an entry that lacks what its kind needs.
  static Result<DeleteIndex> Make(const std::vector<EntryPtr>& deletes, const std::vector<PartitionSpec>& specs);
  /// The same, of entries that the index keeps.
  static Result<DeleteIndex> Make(std::vector<ManifestEntry> deletes, const std::vector<PartitionSpec>& specs);

  bool empty() const { return vectors_.empty() && by_path_.empty() && by_partition_.empty() && equalities_.empty(); }
  /// `data`: a live entry of a data file. Corruption when it has no sequence number.
  Result<DeletesOfFile> For(const ManifestEntry& data) const;

 private:
  using Files = std::vector<EntryPtr>;  // by sequence number
  Status Add(const EntryPtr& entry, const std::vector<PartitionSpec>& specs);
  Status AddVector(const EntryPtr& entry);
  Status AddEquality(const EntryPtr& entry, const std::vector<PartitionSpec>& specs);
  void SortBySequence();

  std::map<std::string, EntryPtr, std::less<>> vectors_;  // by the data file's location
  std::map<std::string, Files, std::less<>> by_path_;     // position delete files that name one data file
  std::map<std::string, Files> by_partition_;             // the others
  /// By partition, "" for all, and field ids.
  std::map<std::string, std::map<std::vector<int32_t>, std::shared_ptr<EqualityDeletes>>> equalities_;
};

/// The one data file that a position delete file names, by its entry or by its bounds; nullopt where there may be more.
std::optional<std::string> ReferencedDataFile(const DataFile& deletes);

}  // namespace k2i::iceberg
