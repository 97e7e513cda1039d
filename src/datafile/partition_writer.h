// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datafile/file_layout.h"
#include "datafile/parquet_file.h"
#include "datafile/row_group_sizing.h"
#include "datafile/writer_options.h"

namespace k2i::datafile {

/// What the partition writers of one RollingWriter share.
struct WriterState {
  io::ObjectStore& store;
  const WriterOptions options;
  const std::shared_ptr<const FileLayout> layout;
  arrow::MemoryPool* const pool;
  std::vector<std::string> started_files;
  std::vector<iceberg::DataFile> finished_files;
  int64_t pending_bytes = 0;
  int open_files = 0;
};

/// Writes the rows of one partition into files of the target size. Rows wait until they fill a row group.
class PartitionWriter {
 public:
  /// `state` must outlive this. `path`: PartitionPath of the tuple.
  PartitionWriter(WriterState& state, iceberg::PartitionTuple tuple, std::string path)
      : state_(state), tuple_(std::move(tuple)), path_(std::move(path)), sizing_(state.layout->limits) {}

  Status Append(std::shared_ptr<arrow::RecordBatch> rows);
  /// Encodes the rows that wait as one row group, and closes the file when that fills it.
  Status EncodePending();
  /// Encodes the rows that wait and makes the file visible.
  Status CloseFile();
  void Abort();

  int64_t pending_bytes() const { return pending_count_.bytes; }
  bool has_open_file() const { return file_ != nullptr; }
  uint64_t last_used = 0;  // set by the owner

 private:
  Status OpenFile();
  void AddPending(std::shared_ptr<arrow::RecordBatch> rows, int64_t bytes);

  WriterState& state_;
  const iceberg::PartitionTuple tuple_;
  const std::string path_;
  RowGroupSizing sizing_;
  arrow::RecordBatchVector pending_;
  RowCount pending_count_;
  std::unique_ptr<ParquetFile> file_;
};

}  // namespace k2i::datafile
