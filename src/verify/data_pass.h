// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <vector>

#include "iceberg/scan/scan.h"
#include "verify/column_sums.h"
#include "verify/position_check.h"
#include "verify/verify.h"

namespace k2i::verify {

/// The columns of a table that hold a row's place in Kafka, though others may have renamed them since.
struct PositionColumns {
  iceberg::NestedField offset;
  std::optional<iceberg::NestedField> topic, partition;  // none: switched off, and there is but one
  std::string only_topic;
  int32_t only_partition = 0;

  /// nullopt, with a finding that says why, where positions cannot be told.
  static std::optional<PositionColumns> Find(const iceberg::TableMetadata& table, const Options& options,
                                             const progress::Progress& committed, Findings& findings);
};

/// Opens every live data file once: its footer against the manifest; its rows for the checks that want them.
class DataPass {
 public:
  /// All must outlive this. `positions` and `sums` may be null.
  DataPass(io::ObjectStore& store, const iceberg::TableMetadata& table, const Options& options, arrow::MemoryPool* pool,
           Findings& findings)
      : store_(store), table_(table), options_(options), pool_(pool), findings_(findings) {}
  void WantPositions(const PositionColumns& columns, PositionCheck& check) {
    columns_ = &columns;
    positions_ = &check;
  }
  void WantSums(ColumnSums& sums) { sums_ = &sums; }

  /// Errors of the store that may pass. Files that are missing or broken are findings. False: some file could not be
  /// read, and what was asked for is not whole.
  Result<bool> Run(const std::vector<iceberg::ManifestEntry>& files);

 private:
  iceberg::Schema ColumnsToRead() const;
  Status ReadFile(const iceberg::ManifestEntry& file, const iceberg::Schema& columns);
  Status AddPositions(const arrow::RecordBatch& rows);
  Status AddSums(const arrow::RecordBatch& rows);

  io::ObjectStore& store_;
  const iceberg::TableMetadata& table_;
  const Options& options_;
  arrow::MemoryPool* pool_;
  Findings& findings_;
  const PositionColumns* columns_ = nullptr;
  PositionCheck* positions_ = nullptr;
  ColumnSums* sums_ = nullptr;
};

}  // namespace k2i::verify
