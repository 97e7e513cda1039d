// SPDX-License-Identifier: Apache-2.0
//
// A table in memory, written through the real writer, for the tests of this folder.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/clock_testing.h"
#include "iceberg/catalog/memory_catalog_testing.h"
#include "iceberg/scan/scan.h"
#include "io/memory_object_store_testing.h"
#include "maintenance/compaction.h"
#include "progress/progress.h"

namespace k2i::maintenance {

/// Columns n (long, required) and part (int); n counts up from 0.
class MaintainedTable : public testing::Test {
 protected:
  static inline const iceberg::TableIdentifier kTable{{"db"}, "t"};

  void Create(iceberg::CreateTableRequest request);
  static iceberg::CreateTableRequest Request(bool partitioned = false, int32_t format_version = 2);

  /// A commit of K2I's with rows [rows_, rows_ + count): part is n modulo `parts`, null for every seventh row.
  void Ingest(int64_t count, int parts = 1, const std::string& pipeline = "p");
  /// Five commits of 100 rows: enough small files to be merged.
  void IngestFive() {
    for (int i = 0; i < 5; ++i) Ingest(100);
  }
  /// The same rows by somebody else.
  void AppendForeign(int64_t count, int parts = 1);
  /// Somebody else's delete files.
  void AddDeletes(const std::vector<iceberg::DataFile>& deletes);
  void Apply(const std::vector<iceberg::TableUpdate>& updates);
  /// The rows, written in the table's current form.
  std::vector<iceberg::DataFile> Write(int64_t count, int parts);

  CompactionOptions Options(int64_t target_bytes = 1 << 20);
  Status Compact(const CompactionOptions& options);

  iceberg::TableMetadata Metadata() { return *catalog_.LoadTable(kTable)->metadata; }
  int64_t Head() { return Metadata().FindRef("main")->snapshot_id; }
  iceberg::SnapshotFiles Files();
  /// "n/part" of every row that is not deleted, sorted; equal before and after any maintenance. In tables of v3
  /// "n/part/row id/sequence number of the last change".
  std::vector<std::string> Rows();
  /// Files in the store that no snapshot reaches.
  std::vector<std::string> Unreached();
  /// Column n of one file, in its order.
  std::vector<int64_t> NumbersOf(const iceberg::DataFile& file);

  ManualClock clock_;
  Random random_{1};
  io::MemoryObjectStore store_;
  iceberg::MemoryCatalog catalog_{clock_, random_};
  std::stop_source stop_;
  CompactionReport report_;
  progress::Progress progress_{"c", {{"events", {"t", {{0, 0}}}}}};
  int64_t rows_ = 0;
  int commits_ = 0;
};

}  // namespace k2i::maintenance
