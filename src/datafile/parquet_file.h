// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "datafile/column_metrics.h"
#include "datafile/file_layout.h"
#include "datafile/store_output_stream.h"
#include "iceberg/model/data_file.h"
#include "io/object_store.h"

namespace parquet::arrow {
class FileWriter;
}

namespace k2i::datafile {

/// One Parquet file being written, a row group at a time. One thread at a time; destroyed without Close: aborted.
class ParquetFile {
 public:
  /// Encodings are chosen from `first_rows`. Errors: the store's.
  static Result<std::unique_ptr<ParquetFile>> Open(io::ObjectStore& store, std::string location,
                                                   std::shared_ptr<const FileLayout> layout,
                                                   const arrow::RecordBatchVector& first_rows, arrow::MemoryPool* pool);
  ~ParquetFile();

  /// Encodes `rows` (of the layout's row_schema) as one row group. InvalidArgument when they hold a null in a required
  /// column; errors of the store.
  Status WriteRowGroup(const arrow::RecordBatchVector& rows);
  int64_t bytes_written() const { return sink_->bytes_written(); }
  /// Footer, and the file becomes visible. The DataFile lacks only partition, spec id and sort order id.
  Result<iceberg::DataFile> Close();
  void Abort();

 private:
  ParquetFile(std::string location, std::shared_ptr<const FileLayout> layout, arrow::MemoryPool* pool);
  Status OpenWriter(const arrow::RecordBatchVector& first_rows);
  /// The store's own error where one is behind `error`.
  Error Explain(Error error) const;

  std::string location_;
  std::shared_ptr<const FileLayout> layout_;
  arrow::MemoryPool* pool_;
  MetricsCollector metrics_;
  std::shared_ptr<StoreOutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;  // before sink_ in destruction
};

}  // namespace k2i::datafile
