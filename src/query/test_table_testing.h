// SPDX-License-Identifier: Apache-2.0
//
// A table as the stream leaves it for queries: hot slices, and files of a snapshot in a store in memory.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <string>
#include <vector>

#include "buffer/view.h"
#include "iceberg/model/data_file.h"
#include "iceberg/model/table_metadata.h"
#include "io/memory_object_store_testing.h"
#include "query/engine.h"

namespace k2i::query {

class TestTable {
 public:
  TestTable(iceberg::Schema schema, iceberg::PartitionSpec spec = {}, std::string name = "events",
            int format_version = 3);

  /// Seals rows of the current schema into a slice of `partition`, at its next offsets.
  void Ingest(std::shared_ptr<arrow::RecordBatch> rows, int32_t partition = 0);
  /// Commits all hot slices: they become files, and stay for look-ups when `retain`.
  void Flush(bool retain = false);
  /// Commits delete files that are written already, as another engine would.
  void CommitDeletes(const std::vector<iceberg::DataFile>& files);
  /// The live data files of the newest snapshot.
  std::vector<iceberg::DataFile> DataFiles();
  /// Goes on with other columns.
  void Evolve(std::vector<iceberg::NestedField> fields);
  /// Lets go of what is retained.
  void Evict() { retained_.clear(); }
  /// Publishes what there is; Ingest, Flush and Evolve do not.
  void Publish();

  const iceberg::Schema& schema() const { return table_.current_schema(); }
  iceberg::TableMetadata& metadata() { return table_; }
  buffer::ViewPublisher& views() { return views_; }
  io::MemoryObjectStore& store() { return store_; }
  ServedTable served();
  /// As the catalog has it, published or not.
  buffer::CommittedTable committed() const;

  int64_t row_group_rows = 1'000'000;
  std::string key_column;  // that look-ups by key go by
  std::optional<std::vector<TopicPartition>> assigned;

 private:
  void Commit(std::vector<iceberg::DataFile> files);
  void Add(const iceberg::Snapshot& snapshot);

  std::string name_;
  io::MemoryObjectStore store_;
  iceberg::TableMetadata table_;
  buffer::ViewPublisher views_;
  std::vector<buffer::SlicePtr> hot_;
  std::vector<buffer::SlicePtr> retained_;
  OffsetVector committed_;
  OffsetVector end_;
  int64_t flushes_ = 0;
  int64_t slices_ = 0;
};

/// A batch of `schema` from JSON, one array of values for each row.
std::shared_ptr<arrow::RecordBatch> Rows(const iceberg::Schema& schema, const std::string& json);

/// All rows of an answer, or its error.
Result<std::shared_ptr<arrow::Table>> ReadAll(Result<std::unique_ptr<Answer>> answer);
/// The rows as text: columns by "|", null as "NULL"; rows as they come.
std::vector<std::string> Lines(const arrow::Table& table);
std::vector<std::string> SortedLines(const arrow::Table& table);

}  // namespace k2i::query
