// SPDX-License-Identifier: Apache-2.0
//
// datafile: rows of one table (Arrow batches) become Parquet data files with field ids, metrics and split offsets.
//
//   RollingWriter      start here: splits rows by partition, starts a new file when one has reached its size
//   PartitionSplitter  partition values of rows, by the spec's transforms
//   PartitionWriter    the files of one partition; RowGroupSizing decides where row groups and files end
//   ParquetFile        one file; ChooseEncodings decides how each column is encoded
//   MetricsCollector   counts and bounds for the manifest
//   DataFileReader     the way back: columns of a file by field id, a batch at a time
//   LiveRowReader      the same without the rows that are deleted, which DeleteLoader tells from delete files
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datafile/writer_options.h"
#include "io/object_store.h"

namespace k2i::datafile {

class PartitionSplitter;
class PartitionWriter;
struct WriterState;

/// One thread at a time. Destroyed without Finish: the same as Abort. After an error nothing but Abort makes sense.
class RollingWriter {
 public:
  /// `store` and `pool` must outlive the writer. InvalidConfig and InvalidArgument for options that cannot be met,
  /// NotSupported for a column type without an Arrow form.
  static Result<std::unique_ptr<RollingWriter>> Make(io::ObjectStore& store, WriterOptions options,
                                                     arrow::MemoryPool* pool);
  ~RollingWriter();

  /// Takes rows of ToArrowSchema(options.schema), in the order they are to have in the files. They are kept (not
  /// copied, save where a batch spans partitions) until their row group is encoded, at the latest in Finish. Memory
  /// beside the rows is what encoding one row group takes, and copies, see WriterOptions::max_copied_bytes.
  /// InvalidArgument for other types, or a null in a required column; errors of the store and of the callbacks.
  Status Write(std::span<const std::shared_ptr<arrow::RecordBatch>> batches);
  /// Encodes what is left. All files, each whole and visible; none when no rows were written.
  Result<std::vector<iceberg::DataFile>> Finish();
  /// Drops open files and the rows that wait. Files that are visible already stay: they are in started_files().
  void Abort();
  /// Every location opened for writing, in order.
  const std::vector<std::string>& started_files() const;

 private:
  RollingWriter(std::unique_ptr<WriterState> state, std::optional<PartitionSplitter> splitter);
  Status WriteBatch(const std::shared_ptr<arrow::RecordBatch>& rows);
  Result<PartitionWriter*> WriterOf(const iceberg::PartitionTuple& tuple);
  /// Keeps the bounds on open files and on rows that wait.
  Status KeepBounds();
  Status EncodeCopies();

  std::unique_ptr<WriterState> state_;
  std::unique_ptr<PartitionSplitter> splitter_;                      // null: unpartitioned
  std::map<std::string, std::unique_ptr<PartitionWriter>> writers_;  // by PartitionSplitter::Key
  uint64_t uses_ = 0;
  int64_t copied_bytes_ = 0;  // of which a partition may still hold parts
};

}  // namespace k2i::datafile
