// SPDX-License-Identifier: Apache-2.0
//
// The counters of a snapshot's summary, as Iceberg's own libraries write them (spec appendix F, "Metrics").
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "iceberg/model/data_file.h"
#include "iceberg/model/table_metadata.h"

namespace k2i::iceberg {

/// Counts what a snapshot adds and removes.
class SnapshotCounters {
 public:
  void Add(const DataFile& file) { added_.Count(file); }
  void Remove(const DataFile& file) { removed_.Count(file); }
  /// "added-data-files", "deleted-records" and so on, those that are not 0, and the totals that follow from those of
  /// `parent` (null: the first snapshot). A total that the parent lacks, or says nonsense of, is left out, as in
  /// Iceberg's own libraries: better none than a wrong one.
  void WriteTo(std::map<std::string, std::string>& summary, const Snapshot* parent) const;

 private:
  struct Counts {
    int64_t data_files = 0, records = 0, size_bytes = 0;
    int64_t delete_files = 0, position_delete_files = 0, deletion_vectors = 0, equality_delete_files = 0;
    int64_t position_deletes = 0, equality_deletes = 0;
    void Count(const DataFile& file);
  };
  struct Key;
  Counts added_, removed_;
};

}  // namespace k2i::iceberg
