// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "datafile/data_file_reader.h"
#include "datafile/delete_loader.h"

namespace k2i::datafile {

/// DataFileReader without the rows that are deleted. In memory beside a batch: what DeletedRows holds. One thread at a
/// time.
class LiveRowReader {
 public:
  /// As DataFileReader::Open. `deleted`: what DeleteLoader says of the file; null: nothing. Columns that rows are
  /// compared by are read too where `columns` lacks them, and not given.
  static Result<std::unique_ptr<LiveRowReader>> Open(io::ObjectStore& store, const iceberg::DataFile& file,
                                                     const iceberg::Schema& columns,
                                                     std::shared_ptr<const DeletedRows> deleted,
                                                     arrow::MemoryPool* pool, const ReaderOptions& options = {});

  /// The file with its row groups; its rows are to be taken from here.
  const DataFileReader& file() const { return *reader_; }
  /// ToArrowSchema(columns), but for columns that come as dictionaries: none do where rows are compared by columns.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// The next rows that are left, in the file's order, none empty; null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  /// Next until the end, or until `visit` returns an error, which is returned.
  Status ForEach(const std::function<Status(const arrow::RecordBatch&)>& visit);

 private:
  LiveRowReader(std::shared_ptr<const DeletedRows> deleted, arrow::MemoryPool* pool)
      : deleted_(std::move(deleted)), pool_(pool) {}
  /// Sets the element of each row of the batch that is deleted.
  Status Mark(const arrow::RecordBatch& rows);
  void MarkPositions();
  /// The batch's rows that are not marked, in the columns wanted.
  Result<std::shared_ptr<arrow::RecordBatch>> Live(const arrow::RecordBatch& rows) const;

  std::shared_ptr<const DeletedRows> deleted_;  // null: nothing
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::vector<int>> key_columns_;  // of each set of equalities, in what reader_ gives
  std::unique_ptr<DataFileReader> reader_;
  std::vector<uint8_t> marks_;  // of the last batch
};

}  // namespace k2i::datafile
